// The texts of one manifest in which secrets stand: variables, arguments, annotations, entries of a
// ConfigMap, entries of a Secret.
//
// What is in a Secret is secret by where it stands, but for texts that are plainly something else:
// names, addresses, configuration in which no secret was found. Left out: Secrets that a controller
// fills or that Helm keeps its releases in, and what `cloudlab.dev/not-secret` names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/manifest.hpp"
#include "policy/secrets/detection/reference.hpp"
#include "policy/secrets/settings.hpp"

namespace cloudlab::policy::secrets {

/// A text with secrets in it.
struct Site {
  enum class Where : std::uint8_t {
    kVariable,     ///< `value` of an entry of `env`.
    kArgument,     ///< An item of `command` or `args`.
    kAnnotation,   ///< Of the object or the pod template.
    kConfigEntry,  ///< Of `data` of a ConfigMap.
    kSecretEntry,  ///< Of `data` or `stringData` of a Secret.
  };
  Where where = Where::kVariable;
  yaml::NodeView node = {};    ///< The scalar.
  std::string name = {};       ///< Of the variable, key or annotation.
  std::string container = {};  ///< Of a variable or argument.
  yaml::NodeView in = {};      ///< The container's map.
  std::string text = {};       ///< Decoded; for `data` of a Secret also from base64.
  bool binary = false;         ///< No text: `text` holds bytes.
  std::vector<Found> found = {};
  std::vector<Reference> references = {};
  /// Values inside of a text that had to be taken as a whole.
  std::vector<std::string> inner = {};

  /// True if all of the text is one secret.
  bool IsWhole() const {
    return (found.size() == 1 && found.front().whole) || (found.empty() && HasWholeReference());
  }
  bool HasWholeReference() const {
    return references.size() == 1 && references.front().span.size() == text.size();
  }
};

/// Every such text, in the order of the manifest. For a Secret in which something is found: all its
/// entries, those without a secret in them with nothing found.
std::vector<Site> Survey(const kube::Manifest& manifest, const Settings& settings);

/// True if `text` has lines, or is a structure, so that it is read as a file.
bool IsFile(std::string_view text);

}  // namespace cloudlab::policy::secrets
