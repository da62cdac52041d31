#include "kube/version.hpp"

#include <charconv>

namespace cloudlab::kube {
namespace {

/// Takes a number of at most four digits from the front of `text`.
std::optional<int> TakeNumber(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto size = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || size > 4 || text.starts_with('-')) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

}  // namespace

std::optional<Version> Version::Parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Version version;
  const auto major = TakeNumber(text);
  if (!major || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  const auto minor = TakeNumber(text);
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto patch = TakeNumber(text);
    if (!patch) return std::nullopt;
    version.patch = *patch;
  }
  // EKS and GKE report a minor of "32+".
  const bool rest = text.empty() || text.front() == '-' || text.front() == '+';
  return rest ? std::optional(version) : std::nullopt;
}

std::string Version::Print() const {
  std::string text = std::to_string(major) + "." + std::to_string(minor);
  return patch == 0 ? text : text + "." + std::to_string(patch);
}

}  // namespace cloudlab::kube
