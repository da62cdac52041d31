// Puts a ResourceList together: its items as they came or as they were edited, new objects right
// behind their parents, and the results of the function. Every other byte is the input's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/output.hpp"
#include "app/stream.hpp"
#include "kube/krm_list.hpp"
#include "yaml/value.hpp"

namespace cloudlab::app {

/// The list with all documents as its items, and behind each the `objects` that were made for it. A
/// list without `items` gets an empty one: kustomize takes it for an object otherwise.
Output AssembleItems(std::string_view input, const kube::KrmList& list, const Documents& documents,
                     const kube::Index& index,
                     const std::vector<const policy::NewObject*>& objects);

/// `text`, an output for an input of `input_size` bytes, with `results` (a sequence) among its
/// fields: ahead of `items`, where no text that ends with the list can be in the way. Results of a
/// function that was called before stay in front of them.
std::string WithResults(std::string text, std::size_t input_size, const kube::KrmList& list,
                        const yaml::Value& results);

/// What a function answers that makes nothing: no items, and why.
std::string EmptyList(const yaml::Value& results);

}  // namespace cloudlab::app
