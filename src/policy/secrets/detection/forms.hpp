// Forms of single languages in which a secret has no key before it.
#pragma once

#include <string_view>

#include "policy/secrets/detection/findings.hpp"

namespace cloudlab::policy::secrets {

/// `PASSWORD 'x'`, `IDENTIFIED BY 'x'`.
void FindInSql(const Piece& line, Findings& findings);

/// `Authorization: Bearer x`, `Authorization "Basic x"`. `named` says that what the piece is a
/// value of is called so.
void FindInAuthorization(const Piece& line, bool named, Findings& findings);

/// Directives whose argument is a secret: `requirepass x` (Redis), `stats auth u:x` (HAProxy),
/// `rootpw x` (OpenLDAP), `fastcgi_param DB_PASSWORD x` (nginx), ...
void FindInDirective(const Piece& line, Findings& findings);

/// Lines of files that are nothing but passwords: .pgpass, .netrc, PgBouncer's userlist.txt.
void FindInPasswordFile(std::string_view file, const Piece& line, Findings& findings);

/// The value of `auth` in a configuration of Docker: user and password in base64.
void FindInRegistryAuth(const Piece& value, Findings& findings);

}  // namespace cloudlab::policy::secrets
