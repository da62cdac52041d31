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

/// True if a setting with a telling name stands anywhere in `text`, whatever the text is.
bool HasSecretSetting(std::string_view text);

/// Passwords of a piece called `name` that is nothing but a connection string, or a user with a
/// password.
void FindInConnection(std::string_view name, const Piece& piece, Findings& findings);

/// The password of `user:password`, where `name` says that it is that: Confluent's
/// `basic.auth.user.info`, BASIC_AUTH. True if there is one.
bool FindInUserInfo(std::string_view name, const Piece& piece, Findings& findings);

/// All of them.
void FindCredentials(std::string_view name, const Piece& piece, Findings& findings);

}  // namespace cloudlab::policy::secrets
