// Sources: the README of helmfile/vals for what a path means in each backend; the provider pages of
// the External Secrets Operator for what a remote key means there.
#include "policy/secrets/backends.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cloudlab::policy::secrets {
namespace {

/// How the path of a reference becomes a remote key.
enum class Path : std::uint8_t {
  kWhole,        ///< As it is.
  kBehindOwner,  ///< Without its first part: the store knows the project or vault.
};

struct Backend {
  std::string_view name;
  Path path;
};

constexpr std::array<Backend, 8> kBackends = {{
    {"awssecrets", Path::kWhole},
    {"awsssm", Path::kWhole},
    {"azurekeyvault", Path::kBehindOwner},
    {"conjur", Path::kWhole},
    {"doppler", Path::kBehindOwner},
    {"gcpsecrets", Path::kBehindOwner},
    {"onepasswordconnect", Path::kBehindOwner},
    {"vault", Path::kWhole},
}};

/// The value of a parameter, `name` with its equals sign.
std::optional<std::string> ParameterOf(const Reference& reference, std::string_view name) {
  std::string_view rest = reference.parameters;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    if (one.starts_with(name)) return std::string(one.substr(name.size()));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Remote> StoreKeyOf(const Reference& reference) {
  const auto* backend = std::ranges::find(kBackends, reference.backend, &Backend::name);
  if (backend == kBackends.end()) return std::nullopt;
  std::string_view path = reference.path;
  if (backend->path == Path::kBehindOwner) path.remove_prefix(path.find('/') + 1);
  Remote remote;
  // A version behind the secret's name, as Azure has it.
  if (reference.backend == "azurekeyvault" && path.find('/') != std::string_view::npos) {
    remote.version = path.substr(path.find('/') + 1);
    path = path.substr(0, path.find('/'));
  }
  remote.key = path;
  if (const auto version = ParameterOf(reference, "version=")) remote.version = *version;
  // `#/a/b` is a way down into the value; the operator writes it with dots.
  std::string_view fragment = reference.fragment;
  while (fragment.starts_with('/')) fragment.remove_prefix(1);
  remote.property = fragment;
  std::ranges::replace(remote.property, '/', '.');
  return remote;
}

std::string KnownBackends() {
  std::string names;
  for (const Backend& backend : kBackends) {
    names += (names.empty() ? "" : ", ") + std::string(backend.name);
  }
  return names;
}

}  // namespace cloudlab::policy::secrets
