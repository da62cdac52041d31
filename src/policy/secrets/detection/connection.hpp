// Passwords in URLs and connection strings: what must be kept apart from a value of which the rest
// is no secret.
//
// URLs are read as Go's net/url reads them: the userinfo ends at the last `@` before the first
// `/`, the user at its first `:`; queries are searched for parameters with telling names.
// Connection strings are settings (`key=value`) between `;`, `&`, `,`, blanks or parentheses, with
// the quotes of ADO.NET, ODBC, libpq and JAAS. Known by their shape are also the DSN of Go's MySQL
// driver, Oracle's `user/password@host`, and `user:password@host:port` without a scheme.
#pragma once

#include "policy/secrets/detection/findings.hpp"

namespace cloudlab::policy::secrets {

/// Passwords and secret parameters of all URLs in the piece.
void FindInUrls(const Piece& piece, Findings& findings);

/// Secret settings in the piece, where it is a list of settings or options of a command line.
void FindInSettings(const Piece& piece, Findings& findings);

/// Passwords of a piece that is nothing but a connection string. `named` says that its name says
/// so.
void FindInConnection(const Piece& piece, bool named, Findings& findings);

/// All of them.
void FindCredentials(const Piece& piece, bool named, Findings& findings);

}  // namespace cloudlab::policy::secrets
