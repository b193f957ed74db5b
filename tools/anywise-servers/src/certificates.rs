//! Certificates for a test, made by `openssl`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Writes a certificate authority into a folder, and certificates by it for a server
/// at 127.0.0.1 and for a client: `authority.pem`, `server.pem`, `client.pem`, and the
/// key of each beside it (`.key`). They are good for two days.
///
/// # Panics
/// If there is no `openssl`, or it cannot.
pub fn certificates(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let authority = "-keyout authority.key -out authority.pem -subj /CN=authority";
    openssl(folder, &format!("req -x509 {key} {authority} -days 2"));
    for (name, usage) in [("server", "serverAuth"), ("client", "clientAuth")] {
        let extensions =
            format!("subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE");
        fs::write(folder.join("extensions"), extensions).expect("the folder can be written");
        openssl(folder, &format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        let by = "-CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile extensions";
        openssl(folder, &format!("x509 -req -in {name}.csr -out {name}.pem {by}"));
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let output = output.expect("there is an `openssl`");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
