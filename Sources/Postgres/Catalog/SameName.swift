extension String {
    /// Whether both are the same name to PostgreSQL, for which names are bytes. `==` would take "é"
    /// as one character and as a letter with an accent for the same.
    package func isSameName(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Whether it comes first in the order of bytes, which no two names share.
    package func isNameBefore(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
