"""Sending mail: what the two APIs of Amazon SES have in common. Its state is that of the service `ses`, which has its tasks, too.

records.py     what is kept
problems.py    refusals, in the words of the API that is spoken
identities.py  addresses and domains that may send
rendering.py   templates
messages.py    MIME
sending.py     one mail, from its checks to the mailbox
events.py      what becomes of it, and who is told
"""
