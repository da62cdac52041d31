// Where the finders put what they find in one text; in the end of it comes a sorted list without
// overlaps.
//
// Of two that overlap the better one stays: credentials inside of a value before the value as a
// whole (the rest of a connection string is no secret), the value that its name says is a secret
// before a token in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/secrets/detection/detect.hpp"

namespace cloudlab::policy::secrets {

/// How the text is written in which a secret was found.
enum class Quoting : std::uint8_t {
  kNone,
  kBackslash,  ///< "..." of JSON, YAML and programs.
  kDoubled,    ///< '...' of YAML and SQL, in which a quote is doubled.
  kXml,
};

/// A part of a text that is one value, without its quotes.
struct Piece {
  std::string_view text;
  Quoting quoting = Quoting::kNone;
  bool comment = false;  ///< Stands in a comment, which may show examples.
};

enum class Rank : std::uint8_t { kToken, kNamed, kConnection };

class Findings {
 public:
  Findings(std::string_view text, const Detection& detection)
      : text_(text), detection_(detection) {}

  struct Secret {
    std::string_view written;  ///< A part of the text.
    std::string value;
    Encoding encoding = Encoding::kPlain;
    int score = 0;
    std::string_view kind;
    std::string_view label;
    Rank rank = Rank::kToken;
  };

  /// The value is read as the piece is quoted.
  void Add(const Piece& piece, Secret secret);

  const Detection& detection() const { return detection_; }
  std::string_view text() const { return text_; }
  bool empty() const { return secrets_.empty(); }
  std::vector<Found> Take();

 private:
  std::string_view text_;
  const Detection& detection_;
  std::vector<Secret> secrets_;
};

/// True if `name`, or its last part, is one that the user allows.
bool IsAllowed(std::string_view name, const Detection& detection);

/// Tokens, private keys and hashes in the piece.
void FindTokens(const Piece& piece, Findings& findings);

/// The piece as a whole, if `name` says that it is a secret. In files more is asked of values,
/// because so many words are keys there.
void FindNamed(std::string_view name, const Piece& piece, bool in_file, Findings& findings);

}  // namespace cloudlab::policy::secrets
