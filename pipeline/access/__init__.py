"""Who may do what: roles, persons, accounts, sign-in."""
