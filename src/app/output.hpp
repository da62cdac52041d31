// Puts the output together: untouched slices as they came, edited documents, new objects in their
// places; policy documents and removed objects are left out.
//
// A new object goes to its rank if the stream stands in Helm's InstallOrder (last of its kind),
// otherwise right behind the document of its parent: decided by the input alone. Behind a last line
// that cannot be closed without changing a text, nothing is put: it goes before that document.
#pragma once

#include <string>
#include <vector>

#include "app/stream.hpp"
#include "kube/index.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::app {

/// Writes the text of a new object: it begins with a marker line and carries the `# Source:`
/// comment and the filename annotation of its parent. `input` says how lines end.
void WriteObject(std::string_view input, const Documents& documents, const kube::Index& index,
                 policy::NewObject& object);

/// A part of the output: a document, or a new object.
struct Part {
  std::size_t document = 0;  ///< Unless `object` is set.
  const policy::NewObject* object = nullptr;
};

/// The output as a sequence of parts. `objects` are in the order in which they were asked for.
std::vector<Part> Arrange(const Documents& documents, const kube::Index& index,
                          const std::vector<const policy::NewObject*>& objects);

/// A run of input bytes in the output, for the diff.
struct Copied {
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t size = 0;
};

/// Where a new object begins in the output.
struct Placed {
  std::size_t to = 0;
  const policy::NewObject* object = nullptr;
};

struct Output {
  std::string text;
  std::vector<Copied> copied;   ///< In the order of both.
  std::vector<Placed> objects;  ///< In their order.
};

/// Puts the parts one behind the other.
Output Assemble(std::string_view input, const Documents& documents, const std::vector<Part>& parts);

}  // namespace cloudlab::app
