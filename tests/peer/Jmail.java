// Mail by JavaMail (javax.mail) or, where that name is put for the other, by Jakarta Mail. A
// line of standard input is a message, or several; the words between its tabs are:
//   NAME=VALUE      the property mail.smtp.NAME
//   user= password= to log in; to=ADDRESS,ADDRESS; n=HOW_MANY
//   text=FILE       the message as it is; when empty, it is made of body=FILE and file=FILE
//   copy=FILE       where the message is put as it was sent, its lines ending with LF
//   roots=FILE      whose certificates are believed
//   each=1          a connection for each message; else one for all, which is asked for first
// Each line is answered with one: the exit code of a program that did just this, and words.
import java.io.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.*;
import javax.mail.*;
import javax.mail.internet.*;
import javax.net.ssl.*;

public class Jmail {
	static final Map<String, SSLSocketFactory> FACTORIES = new HashMap<>();

	// One for all of a program's connections, so that sessions of TLS are taken up again.
	static SSLSocketFactory factory(String roots) throws Exception {
		if (FACTORIES.containsKey(roots))
			return FACTORIES.get(roots);
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		store.load(null, null);
		try (InputStream in = new FileInputStream(roots)) {
			for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in))
				store.setCertificateEntry("root" + store.size(), c);
		}
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(store);
		SSLContext tls = SSLContext.getInstance("TLS");
		tls.init(null, trust.getTrustManagers(), null);
		FACTORIES.put(roots, tls.getSocketFactory());
		return FACTORIES.get(roots);
	}

	static MimeMessage message(Session session, Map<String, String> o) throws Exception {
		if (!o.get("text").isEmpty())
			try (InputStream in = new FileInputStream(o.get("text"))) {
				return new MimeMessage(session, in);
			}
		MimeMessage m = new MimeMessage(session);
		String body = new String(Files.readAllBytes(Paths.get(o.get("body"))), "UTF-8");
		m.setFrom(new InternetAddress("kim@a.example", "J\u00f6rg", "UTF-8"));
		m.setRecipients(Message.RecipientType.TO, InternetAddress.parse(o.get("to")));
		m.setRecipients(Message.RecipientType.BCC, "hidden@example.net");
		m.setSubject("Gr\u00fc\u00dfe", "UTF-8");
		if (o.containsKey("file")) {
			MimeBodyPart text = new MimeBodyPart(), file = new MimeBodyPart();
			text.setText(body, "UTF-8");
			file.attachFile(o.get("file"));
			m.setContent(new MimeMultipart(text, file));
		} else
			m.setText(body, "UTF-8");
		m.saveChanges();
		return m;
	}

	static String send(Map<String, String> o) throws Exception {
		Properties p = new Properties();
		for (Map.Entry<String, String> e : o.entrySet())
			p.setProperty("mail.smtp." + e.getKey(), e.getValue());
		p.setProperty("mail.mime.allowutf8", o.getOrDefault("allowutf8", "false"));
		p.setProperty("mail.smtp.timeout", "20000");
		p.setProperty("mail.smtp.connectiontimeout", "20000");
		p.put("mail.smtp.ssl.socketFactory", factory(o.get("roots")));
		Session session = Session.getInstance(p);
		MimeMessage m = message(session, o);
		Address[] to = InternetAddress.parse(o.get("to"));
		int n = Integer.parseInt(o.getOrDefault("n", "1"));
		long start = System.nanoTime();
		Transport t = session.getTransport("smtp");
		try {
			for (int i = 0; i < n; i++) {
				if (!t.isConnected())
					t.connect(o.get("user"), o.get("password"));
				t.sendMessage(m, to);
				if (o.containsKey("each"))
					t.close();
			}
		} finally {
			t.close();
		}
		long us = (System.nanoTime() - start) / 1000 / n;
		if (o.containsKey("copy")) {
			ByteArrayOutputStream sent = new ByteArrayOutputStream();
			m.writeTo(sent, new String[] { "Bcc" });
			String lf = sent.toString("ISO-8859-1").replace("\r\n", "\n");
			Files.write(Paths.get(o.get("copy")), lf.getBytes("ISO-8859-1"));
		}
		return us + " microseconds each";
	}

	static String why(Throwable e) {
		StringBuilder s = new StringBuilder();
		while (e != null) {
			s.append(e.getClass().getSimpleName()).append(": ").append(e.getMessage()).append("; ");
			Address[] sent = e instanceof SendFailedException ? ((SendFailedException)e).getValidSentAddresses() : null;
			if (sent != null && sent.length > 0)
				s.append("sent to ").append(Arrays.toString(sent)).append("; ");
			e = e instanceof MessagingException ? ((MessagingException)e).getNextException() : e.getCause();
		}
		return s.toString().replaceAll("\\s+", " ");
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
		PrintStream out = new PrintStream(System.out, true, "UTF-8");
		for (String line; (line = in.readLine()) != null; ) {
			Map<String, String> o = new HashMap<>();
			try {
				for (String word : line.split("\t"))
					o.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
				out.println("0 " + send(o));
			} catch (Exception e) {
				out.println("1 " + why(e));
			}
		}
	}
}
