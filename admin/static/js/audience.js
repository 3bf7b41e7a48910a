// A long list of chats to tick: typing narrows it. What is ticked stays ticked, seen or not.
(() => {
  BuhBot.onto(".audience-find", (field) => {
    field.hidden = false;
    field.addEventListener("input", () => {
      const words = field.value.trim().toLowerCase();
      for (const row of field.parentElement.querySelectorAll(".audience-list label")) {
        row.hidden = !row.textContent.toLowerCase().includes(words);
      }
    });
    // Enter is for the list here, not for the form.
    field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  });
})();
