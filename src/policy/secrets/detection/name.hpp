// What a name (a variable, an option, the key of a setting) says about its value.
//
// A name is split into words at everything that is no letter or digit and where capitals begin
// (`dbPassword`, `DB_PASSWORD`, `db.password`, `DBPassword`), and the words are looked up in one
// table. What counts is where the telling word stands: at the end it names the value
// (`DB_PASSWORD`), before others it may only say what they are about (`PASSWORD_MIN_LENGTH`). No
// memory is allocated: this is asked for every value of a stream.
#pragma once

#include <cstdint>
#include <string_view>

namespace cloudlab::policy::secrets {

/// From "says nothing" to "is a secret".
enum class NameKind : std::uint8_t {
  kNone,        ///< Says nothing.
  kNot,         ///< The value is surely none: ..._FILE, ..._NAME, PUBLIC_....
  kAbout,       ///< Speaks about a secret: TOKEN_AUDIENCE, PASSWORD_KEY (a key of a Secret).
  kWeak,        ///< Counts only for a random value: ..._KEY, ..._SALT.
  kInside,      ///< A telling word before one that is not known: TOKEN_GITHUB.
  kObject,      ///< A secret, or the name of a Secret: TLS_SECRET, credentials.
  kConnection,  ///< DSN, CONNECTION_STRING: secret are the credentials in it.
  kSecret,      ///< DB_PASSWORD, API_KEY.
};

struct NameRating {
  NameKind kind = NameKind::kNone;
  std::string_view label = {};  ///< "PASSWORD", "API_KEY", ...; of what is named.
  bool perhaps_object = false;  ///< May name a Secret (NODE_SECRET), unlike CLIENT_SECRET.
};

/// False if no word of `text` says anything: much cheaper than rating all of its names.
bool MayTell(std::string_view text);

NameRating RateName(std::string_view name);

}  // namespace cloudlab::policy::secrets
