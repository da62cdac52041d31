#include "kube/object_id.hpp"

namespace cloudlab::kube {

std::string_view ObjectId::group() const {
  const std::string_view version = api_version;
  const std::size_t slash = version.find('/');
  return slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
}

std::string ObjectId::Display() const {
  return ns.empty() ? kind + "/" + name : kind + "/" + ns + "/" + name;
}

}  // namespace cloudlab::kube
