// Texts that are secrets by their form: tokens of known providers, JSON Web Tokens, hashes of
// passwords, private keys in PEM.
//
// Formats of tokens stand in one table (token.cpp): a prefix, an alphabet, a length, a source. One
// is found where a word begins, and only whole: what goes on in its alphabet is something else.
// What a provider publishes for documentation (AKIAIOSFODNN7EXAMPLE) is none.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cloudlab::policy::secrets {

struct Token {
  std::string_view text;   ///< A part of the text that was searched.
  std::string_view kind;   ///< "GitHub token"
  std::string_view label;  ///< "TOKEN"
  int score = 0;
};

/// The first token in `text` at `from` or behind.
std::optional<Token> FindToken(std::string_view text, std::size_t from = 0);

/// The first private key in PEM, from its BEGIN to its END line.
std::optional<Token> FindPrivateKey(std::string_view text, std::size_t from = 0);

/// True if `value` begins like a token, of whatever length: for masking.
bool BeginsLikeToken(std::string_view value);

/// True for keys that are meant to be known to everybody: Stripe's publishable keys, PostHog's
/// project keys.
bool IsPublicToken(std::string_view value);

}  // namespace cloudlab::policy::secrets
