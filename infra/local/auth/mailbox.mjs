// The mails that Auth would send, kept in memory for tests: GET /_mail?to=address lists them, DELETE /_mail forgets all.
const mails = [];

export const driver = {
  async send(mail) {
    mails.push({ at: new Date().toISOString(), ...mail });
  },
};

export function answer(request, to) {
  if (request.method === "DELETE") mails.length = 0;
  return Response.json(mails.filter((mail) => !to || mail.to === to));
}
