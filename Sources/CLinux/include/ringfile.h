/// File system calls that Swift's Glibc module hides or cannot import.
#ifndef CLINUX_RINGFILE_H
#define CLINUX_RINGFILE_H

/// Renames and fails with EEXIST rather than replace what is there.
int clinux_rename_new(const char *from, const char *to);

#endif
