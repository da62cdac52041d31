// Names and shapes are those of detection (policy/secrets), which is stricter where a false alarm
// costs more. Here also count:
//   +70  names that only speak about a secret (TOKEN_URL), or perhaps mean the name of one
//   +90  what begins like a token but is not as long as one, and a password among other text
#include "policy/mask.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/secrets/detection/connection.hpp"
#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/name.hpp"
#include "policy/secrets/detection/token.hpp"
#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy {
namespace {

constexpr int kNameScore = 70;
constexpr int kShapeScore = 90;

/// True for values that no secret has.
bool IsHarmless(std::string_view value) {
  if (value == kMask) return true;
  // With other text beside it, a variable is a part of a secret at most; in a connection string in
  // which nothing else was found it is the secret.
  if (secrets::HasReference(value)) {
    return secrets::IsReference(value) || value.find_first_of("=@") != std::string_view::npos;
  }
  return secrets::IsHarmless(value);
}

bool HasSecretShape(std::string_view value) {
  if (value.find("-----BEGIN") != std::string_view::npos &&
      value.find("PRIVATE KEY") != std::string_view::npos) {
    return true;
  }
  return secrets::BeginsLikeToken(value) || secrets::HasSecretSetting(value);
}

}  // namespace

bool IsSecretName(std::string_view name) {
  using enum secrets::NameKind;
  const secrets::NameKind kind = secrets::RateName(name).kind;
  return kind != kNone && kind != kNot && kind != kWeak;
}

int SecretScore(std::string_view name, std::string_view value) {
  int score = 0;
  for (const secrets::Found& found : secrets::FindInValue(name, value)) {
    score = std::max(score, found.score);
  }
  if (score > 0 || IsHarmless(value)) return score;
  if (HasSecretShape(value)) return kShapeScore;
  return IsSecretName(name) ? kNameScore : 0;
}

std::string MaskText(std::string_view name, std::string_view value) {
  return std::string(SecretScore(name, value) >= kSecretScore ? kMask : value);
}

std::string SecretName(yaml::NodeView node) {
  std::string key = node.Key();
  if (key == "value") {
    std::string variable = node.parent().Find("name").Text();
    if (!variable.empty()) return variable;
  }
  return key;
}

std::string MaskNode(yaml::NodeView node) { return MaskText(SecretName(node), node.Text()); }

yaml::Value MaskValue(std::string_view name, yaml::Value value) {
  struct Work {
    std::string name;
    yaml::Value* value;
  };
  std::vector<Work> work = {{std::string(name), &value}};
  while (!work.empty()) {
    const Work at = std::move(work.back());
    work.pop_back();
    if (at.value->IsScalar()) {
      if (SecretScore(at.name, at.value->text()) >= kSecretScore) {
        *at.value = yaml::Value::String(std::string(kMask));
      }
      continue;
    }
    for (yaml::Value& item : at.value->mutable_items()) work.push_back({at.name, &item});
    const yaml::Value* variable = at.value->IsMap() ? at.value->Find("name") : nullptr;
    for (auto& [key, child] : at.value->mutable_entries()) {
      const bool is_value = key == "value" && variable != nullptr && variable->IsScalar();
      work.push_back({is_value ? variable->text() : key, &child});
    }
  }
  return value;
}

}  // namespace cloudlab::policy
