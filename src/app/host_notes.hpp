// What hosts write on objects to find their files again, and what a new object gets of it, so that
// it lands beside its parent: Helm 4's file name is the parent's own, a function's is a new file in
// the parent's folder, named as kpt and kustomize name files of new objects.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::app {

/// Annotations of one object.
using HostNotes = std::vector<std::pair<std::string, std::string>>;

/// For each of `objects` what it gets; nothing where the host wrote nothing on its parent. Two
/// objects never get the same place in the same file, whatever the stream has there already.
std::vector<HostNotes> NotesFor(const std::vector<const policy::NewObject*>& objects,
                                const kube::Index& index);

}  // namespace cloudlab::app
