// The manifests of the stream as the stages have left it: documents that were edited are read
// again, objects that came in are among them, removed ones are not.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/rules.hpp"
#include "app/stream.hpp"
#include "kube/index.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::app {

class EditedStream {
 public:
  /// `input` is the index of the input; the documents must outlive the stream. Of documents that
  /// nobody edited only manifests that `counts` are taken.
  EditedStream(const Documents& documents, const Rules& rules, const kube::Index& input,
               const std::vector<const policy::NewObject*>& added,
               const std::function<bool(const kube::Manifest&)>& counts);
  EditedStream(const EditedStream&) = delete;
  EditedStream& operator=(const EditedStream&) = delete;

  const kube::Index& index() const { return index_; }

 private:
  std::vector<std::shared_ptr<const std::string>> texts_;  // Of new objects.
  std::vector<yaml::Outline> outlines_;
  kube::Index index_;
};

}  // namespace cloudlab::app
