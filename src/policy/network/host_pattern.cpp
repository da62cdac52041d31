#include "policy/network/host_pattern.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "policy/glob.hpp"

namespace cloudlab::policy::network {
namespace {

/// The labels of a name, in small letters.
std::vector<std::string> LabelsOf(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::vector<std::string> labels(1);
  for (const char c : name) {
    if (c == '.') {
      labels.emplace_back();
    } else {
      labels.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return labels;
}

}  // namespace

bool IsHostPattern(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

std::string HostKey(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string key;
  for (const char c : name) {
    key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return key;
}

bool HostMatches(std::string_view pattern, std::string_view host) {
  // What is special in other globs stands in no name.
  if (host.empty() || pattern.find_first_of("?[") != std::string_view::npos) return false;
  if (pattern == "*") return true;
  std::vector<std::string> wanted = LabelsOf(pattern);
  std::vector<std::string> labels = LabelsOf(host);
  if (wanted.size() > 1 && wanted.front() == "**") {
    if (labels.size() < wanted.size()) return false;
    wanted.erase(wanted.begin());
    labels.erase(labels.begin(), labels.end() - static_cast<std::ptrdiff_t>(wanted.size()));
  }
  return std::ranges::equal(wanted, labels, GlobMatches);
}

}  // namespace cloudlab::policy::network
