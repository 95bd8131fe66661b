"""The tele-stroke network: a rural clinic, a medical centre and a neurologist, end to end."""
