// How the programs of tests/truth answer: a line of stdin is a question about a stream, a line of
// stdout its answer, both JSON. A stream that is no YAML is answered with {"problem": TEXT}; a line
// that is no question ends the program with 2.
#pragma once

#include <deque>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"

namespace cloudlab::truth {

/// `answer` is asked with the question and the index of its `stream`, whose objects are in
/// `namespace` if they name none.
template <typename AnswerFor>
nlohmann::json Answer(const nlohmann::json& question, const AnswerFor& answer) {
  const auto stream = question.at("stream").get<std::string>();
  std::deque<yaml::Outline> outlines;
  std::vector<kube::Manifest> manifests;
  for (const yaml::Slice& slice : yaml::Split(stream)) {
    yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
    if (scan.problem) return {{"problem", scan.problem->message}};
    outlines.push_back(std::move(scan.outline));
    for (kube::Manifest& manifest : kube::Manifests(outlines.back(), outlines.size() - 1)) {
      manifests.push_back(std::move(manifest));
    }
  }
  const kube::Index index(std::move(manifests),
                          {.option_namespace = question.at("namespace").get<std::string>()});
  return answer(question, index);
}

/// The exit code of `program`.
template <typename AnswerFor>
int AnswerAll(const char* program, const AnswerFor& answer) {
  try {
    for (std::string line; std::getline(std::cin, line);) {
      std::cout << Answer(nlohmann::json::parse(line), answer).dump() << "\n";
    }
  } catch (const std::exception& error) {
    std::cerr << program << ": " << error.what() << "\n";
    return 2;
  }
  return 0;
}

}  // namespace cloudlab::truth
