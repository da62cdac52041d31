// Keeps secrets out of what people and machines read about a run: report, diff, messages.
//
// A score from 0 to 100 says how likely a value is a secret, by the words of its name and by the
// shape of the value, as detection for rewriting tells it (policy/secrets), and a little laxer: a
// false alarm costs three asterisks here.
#pragma once

#include <string>
#include <string_view>

#include "yaml/value.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {

inline constexpr int kSecretScore = 60;  ///< From here on a value is masked.
inline constexpr std::string_view kMask = "***";

/// True if `name` (a field, a variable, a key) says that its value is a secret.
bool IsSecretName(std::string_view name);

/// How likely `value`, called `name` (a field, an annotation, a variable), is a secret.
int SecretScore(std::string_view name, std::string_view value);

/// `value`, or kMask if it scores as a secret.
std::string MaskText(std::string_view name, std::string_view value);

/// By which name the secrecy of `node` is judged: its key, or the variable's if it is a `value`.
std::string SecretName(yaml::NodeView node);
/// The text of `node`, or kMask if it scores as a secret: how messages quote it.
std::string MaskNode(yaml::NodeView node);

/// `value`, called `name`, with every secret in it replaced by kMask. The value of a variable
/// (`{name: DB_PASSWORD, value: ...}`) is judged by the variable's name, items by their list's.
yaml::Value MaskValue(std::string_view name, yaml::Value value);

}  // namespace cloudlab::policy
