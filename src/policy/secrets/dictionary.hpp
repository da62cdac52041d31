// Words that many use as a password. Such a value stands in a stream for other reasons, too, so it
// is not searched for; that its field holds a reference in the end is proven where it stood. And it
// is no news to anybody: where it cannot be replaced, the run warns and goes on.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "kube/index.hpp"

namespace cloudlab::policy::secrets {

class Dictionary {
 public:
  /// Knows well-known words, and the words of which names in `stream` are made: of objects,
  /// namespaces, containers and images.
  explicit Dictionary(const kube::Index& stream);

  /// True if `value` is made of such words, digits and punctuation alone: "changeit",
  /// "shop_password", "Admin123".
  bool Knows(std::string_view value) const;

 private:
  void AddName(std::string_view name);

  std::unordered_set<std::string> names_;
};

}  // namespace cloudlab::policy::secrets
