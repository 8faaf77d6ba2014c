/// The program's version; the Debian package has the same.
let version = "0.9.0"
