// The annotations by which people steer policies on their own objects, and where they may stand.
//
// A Namespace gives defaults, the object itself is nearer, its pod template nearest; the nearest
// one that says something holds (precedence of the design's vocabulary).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "policy/match.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {

inline constexpr std::string_view kEnvironmentAnnotation = "cloudlab.dev/environment";
inline constexpr std::string_view kSkipAnnotation = "cloudlab.dev/skip";
inline constexpr std::string_view kSkipReasonAnnotation = "cloudlab.dev/skip-reason";
inline constexpr std::string_view kTierAnnotation = "cloudlab.dev/tier";
inline constexpr std::string_view kManagedByAnnotation = "cloudlab.dev/managed-by";
inline constexpr std::string_view kEvidenceAnnotation = "cloudlab.dev/evidence";
inline constexpr std::string_view kNotSecretAnnotation = "cloudlab.dev/not-secret";
inline constexpr std::string_view kInjectPrefix = "inject.cloudlab.dev/";       ///< + policy name.
inline constexpr std::string_view kOverridePrefix = "override.cloudlab.dev/";   ///< + policy name.
inline constexpr std::string_view kContainerTierPrefix = "tier.cloudlab.dev/";  ///< + container.

/// Where an annotation stands, from far to near.
enum class Level : std::uint8_t { kNamespace, kObject, kPod };

struct Annotation {
  std::string value;
  Level level = Level::kObject;
  yaml::NodeView node;  ///< Invalid at kNamespace: it is in another document.
};

/// Every annotation `key` that holds for `target`, from far to near. Of a Pod, object and template
/// are one. An empty annotation of a Namespace counts as absent.
std::vector<Annotation> FindAnnotations(const MatchTarget& target, const kube::Index& index,
                                        std::string_view key);
/// The nearest of them.
std::optional<Annotation> FindAnnotation(const MatchTarget& target, const kube::Index& index,
                                         std::string_view key);

/// "annotation cloudlab.dev/tier", with "of the Namespace" where it stands there: for messages.
std::string Display(const Annotation& annotation, std::string_view key);

/// The words of a `cloudlab.dev/skip`: between commas, without blanks around them.
std::vector<std::string> SkipWords(std::string_view list);
/// True for the words that mean every policy: `all` and `*`.
bool IsEveryPolicy(std::string_view word);

/// Every annotation of the object and of its pod template, with its key decoded.
std::vector<std::pair<std::string, yaml::NodeView>> OwnAnnotations(const MatchTarget& target);

}  // namespace cloudlab::policy
