"""How people prove who they are: passwords, how often they may be tried, and the first user."""
