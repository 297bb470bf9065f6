#!/usr/bin/env python3
"""smtplib_.py HOST ROOTS FILE USER PASSWORD PORT starttls|ssl|clear MECHANISM|none [CASE]: a
message by Python's smtplib. CASE: wrong (password), many, utf8, refused, one, big, lf. An
exception is its type and words, and exit 1."""
import smtplib
import ssl
import sys
from email.headerregistry import Address
from email.message import EmailMessage

host, roots, name, user, password, port, how, mech = sys.argv[1:9]
case = (sys.argv[9:] + [""])[0]
text = open(name, "rb").read()
if case != "lf":
    text = text.replace(b"\n", b"\r\n")
FROM, TO = "kim@a.example", ["ann@far.example", "bob@example.net"]


def connect():
    tls = ssl.create_default_context(cafile=roots)
    if how == "ssl":
        return smtplib.SMTP_SSL(host, int(port), "c.example.net", timeout=20, context=tls)
    s = smtplib.SMTP(host, int(port), "c.example.net", timeout=20)
    if how == "starttls":
        s.starttls(context=tls)
    return s


def login(s):
    s.ehlo_or_helo_if_needed()
    if mech not in s.esmtp_features["auth"].split():
        raise SystemExit("%s is not offered: %s" % (mech, s.esmtp_features["auth"]))
    s.esmtp_features["auth"] = mech     # this one and no other
    s.login(user, "wrong" if case == "wrong" else password)


def main():
    s = connect()
    if mech != "none":
        login(s)
    if case == "utf8":
        m = EmailMessage()
        m["From"] = "kim@a.example"
        m["To"] = Address("J\u00f6rg", "j\u00f6rg", "b\u00fccher.example")
        m["Subject"] = "Gr\u00fc\u00dfe"
        m.set_content("Gr\u00fc\u00dfe\n", cte="8bit")
        s.send_message(m, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    elif case == "refused":
        s.sendmail(FROM, ["refused@example.net", "ann@far.example"], text)
    elif case == "one":
        print(s.sendmail(FROM, ["refused@example.net", "bob@example.net"], text))
    elif case == "big":
        s.sendmail(FROM, ["bob@example.net"], text + 200000 * b"x\r\n")
    else:
        for _ in range(60 if case == "many" else 1):
            s.sendmail(FROM, TO, text, mail_options=["BODY=8BITMIME"])
    s.quit()


try:
    main()
except Exception as e:
    print(type(e).__name__, e)
    sys.exit(1)
