"""How long things are good, in seconds.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html and
https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-user-session.html
"""

CLIENT = 90 * 86400
DEVICE_CODE = 600
INTERVAL = 1
# What AWS adds to the interval of a client that polls too fast (RFC 8628, section 3.5).
SLOWER = 5
AUTHORIZATION_CODE = 600
ACCESS_TOKEN = 3600
# A sign-in without refreshing lasts as long as the session at the portal.
SESSION = 8 * 3600
ACCOUNT_ACCESS = "sso:account:access"
