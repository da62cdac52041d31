#include "policy/secrets/names.hpp"

#include <cctype>

namespace cloudlab::policy::secrets {
namespace {

bool IsAlphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string Stem(std::string_view name) {
  std::string stem;
  for (const char c : name) {
    stem +=
        IsAlphanumeric(c) ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
  }
  if (stem.empty() || (stem.front() >= '0' && stem.front() <= '9')) stem.insert(0, "_");
  return stem;
}

std::string KeyOf(std::string_view name) {
  std::string key(name);
  for (char& c : key) {
    if (!IsAlphanumeric(c) && c != '-' && c != '_' && c != '.') c = '-';
  }
  return key;
}

std::string PartName(const Site& site, const Found& found) {
  return Stem(site.name) + "_" + (found.label.empty() ? "SECRET" : found.label);
}

std::string Describe(const Site& site) {
  switch (site.where) {
    case Site::Where::kVariable:
      return "env " + site.name + " of container " + site.container;
    case Site::Where::kArgument:
      return "an item of " + site.name + " of container " + site.container;
    case Site::Where::kAnnotation:
      return "annotation " + site.name;
    case Site::Where::kConfigEntry:
    case Site::Where::kSecretEntry:
      return "entry " + site.name;
  }
  return {};
}

std::string KindsOf(const Site& site) {
  std::string kinds;
  for (const Found& found : site.found) {
    if (kinds.find(found.kind) != std::string::npos) continue;
    kinds += (kinds.empty() ? "" : ", ") + std::string(found.kind);
  }
  return kinds;
}

}  // namespace cloudlab::policy::secrets
