"""How a release comes into service, and how it runs where there is no Docker."""
