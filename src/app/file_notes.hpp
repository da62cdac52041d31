// What hosts of functions write on items to find their files again, and what a new item gets of it:
// a file of its own in its parent's folder, named as kpt and kustomize name files of new objects.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::app {

/// Annotations of one item.
using FileNotes = std::vector<std::pair<std::string, std::string>>;

/// For each of `objects` what it gets; nothing where the host wrote nothing on its parent. Two
/// objects never get the same place in the same file, whatever the stream has there already.
std::vector<FileNotes> NotesFor(const std::vector<const policy::NewObject*>& objects,
                                const kube::Index& index);

}  // namespace cloudlab::app
