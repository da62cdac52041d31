// What a run did, for whoever cannot run programs: a kustomize Component of two files. Flux applies
// its patches to the releases of Helm, kustomize and `kubectl apply -k` the whole of it.
//
// Every edited object is compared with what it was in the input, and the difference written as a
// JSON patch (yaml/json_patch.hpp) with the object as its target, but for annotations and labels of
// an object that had none: these are merged. An object that left the stream is a patch that deletes
// it; new objects stand in a file of their own, for nothing is there to patch.
//
// A target is found by kustomize's rules: names are regular expressions, a namespace that is not
// written is `default`, nothing said means anything. Where another object of the stream would be
// hit as well, the target says more. What cannot be told apart or named is an error, and so is a
// patch that shows a value that was replaced: half of the patches would be half of the change.
#pragma once

#include <string>

#include "app/guard.hpp"
#include "app/output.hpp"
#include "app/stream.hpp"
#include "kube/index.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::app {

struct Patches {
  std::string component;  ///< kustomization.yaml
  std::string objects;    ///< objects.yaml
};

/// Writes the difference between the input and `output`. What it has to say goes to `diagnostics`;
/// with errors there, the patches are not to be used.
Patches MakePatches(const text::Source& input, const Documents& documents, const kube::Index& index,
                    const Output& output, const Guard& guard, text::Diagnostics& diagnostics);

}  // namespace cloudlab::app
