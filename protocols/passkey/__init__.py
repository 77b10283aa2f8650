"""Passkeys (Web Authentication, https://www.w3.org/TR/webauthn-3/): ceremonies and what they prove, without I/O.

Challenges, time and what is stored are arguments; whose passkey it is (an operator's, a moderator's) does not matter
here. `registry.passkey` remembers them, `monitor.passkeys` leads the ceremonies.
"""
