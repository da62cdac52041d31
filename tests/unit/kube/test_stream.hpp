// A stream of manifests for tests: scans every document and keeps text and outlines alive.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "kube/manifest.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"

namespace cloudlab::kube {

class TestStream {
 public:
  explicit TestStream(std::string text) : text_(std::move(text)) {
    for (const yaml::Slice& slice : yaml::Split(text_)) {
      yaml::ScanResult result = yaml::Scan(slice.text, slice.offset == 0);
      REQUIRE_FALSE(result.problem.has_value());
      outlines_.push_back(std::move(result.outline));
      for (Manifest& manifest : Manifests(outlines_.back(), outlines_.size() - 1)) {
        manifests_.push_back(std::move(manifest));
      }
    }
  }
  TestStream(const TestStream&) = delete;
  TestStream& operator=(const TestStream&) = delete;

  const std::vector<Manifest>& manifests() const { return manifests_; }
  const Manifest& at(std::size_t i) const { return manifests_.at(i); }
  const Manifest& only() const {
    REQUIRE(manifests_.size() == 1);
    return manifests_.front();
  }

 private:
  std::string text_;
  std::deque<yaml::Outline> outlines_;
  std::vector<Manifest> manifests_;
};

}  // namespace cloudlab::kube
