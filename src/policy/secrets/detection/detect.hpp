// Secrets in texts: which bytes of a value, a file or a command line are one, and what it is.
//
// Two things speak for a secret, each with a score: what the text is called (name.hpp) and what it
// looks like (token.hpp: formats of tokens, private keys; connection.hpp: credentials in URLs and
// connection strings; value_shape.hpp: randomness). Files are read line by line as what most
// configuration is written in (YAML, JSON, properties, ini, TOML, XML, SQL, shell, ...), comments
// too, and nothing is ever run or expanded.
//
// Refused: whatever stands for a secret that is elsewhere (`$(X)`, `${X}`, `{{ .x }}`, `vault:...`,
// paths of files), visible placeholders (`<token>`, `***`), booleans, durations, and names that
// only speak about a secret (..._FILE, ..._NAME, PUBLIC_...). Weak defaults (`changeit`) are
// secrets. A value is searched in linear time, without recursion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/span.hpp"

namespace cloudlab::policy::secrets {

/// How the bytes of the text stand for the value.
enum class Encoding : std::uint8_t {
  kPlain,    ///< They are the value.
  kPercent,  ///< Part of a URL: userinfo or query; also where no byte had to be encoded.
  kOther,    ///< Written differently (escapes in quotes, indentation): a reference to the value
             ///< cannot just be put there.
};

/// A secret in a text.
struct Found {
  text::Span span;    ///< The bytes that a reference would stand in for, without quotes.
  std::string value;  ///< Decoded: what a secret store must hold.
  Encoding encoding = Encoding::kPlain;
  int score = 0;          ///< 0 to 100.
  std::string_view kind;  ///< For messages: "password of a URL"; never the value.
  std::string label;      ///< What its key may be called: "PASSWORD", "API_KEY".
  bool whole = false;     ///< `span` is the whole text.
};

/// What counts.
struct Detection {
  bool names = true;   ///< Values with a telling name.
  bool values = true;  ///< Values that look like tokens and keys, whatever they are called.
  bool dsn = true;     ///< Credentials in URLs and connection strings.
  int min_score = 60;
  std::vector<std::string> allow = {};  ///< Globs of names (policy/glob.hpp) that are no secrets.
};

/// The secrets of one value called `name`: a variable, a key of a ConfigMap or Secret. One of
/// several lines is read as a file.
std::vector<Found> FindInValue(std::string_view name, std::string_view value,
                               const Detection& detection = {});

/// Of a file called `name`, sorted and not overlapping.
std::vector<Found> FindInFile(std::string_view name, std::string_view text,
                              const Detection& detection = {});

/// A secret in the string number `argument` of a list.
struct FoundArgument {
  std::size_t argument = 0;
  Found found;
};

/// Of the strings of command and args of a container, as one list: options (`--password=x`,
/// `--password x`), assignments (`PASSWORD=x`), URLs, scripts (`sh -c "..."`).
std::vector<FoundArgument> FindInArguments(std::span<const std::string> arguments,
                                           const Detection& detection = {});

}  // namespace cloudlab::policy::secrets
