#include "app/stream.hpp"

#include <catch2/catch.hpp>

#include "yaml/view.hpp"

namespace cloudlab::app {
namespace {

const std::string kInput =
    "kind: One\nsize: 1\n---\napiVersion: cloudlab.dev/v1alpha1\nkind: Pipeline\n---\nkind: [\n";

yaml::ChangeSet Resize(const Document& document, std::string size) {
  yaml::ChangeSet changes;
  const yaml::NodeView node = yaml::NodeView::Root(document.current()).Find("size");
  CHECK_FALSE(changes.Replace(node.id(), yaml::Value::Literal(std::move(size)), 0));
  return changes;
}

TEST_CASE("a stream is its documents, the policies among them marked", "[app][stream]") {
  const Documents documents = ReadDocuments(yaml::Split(kInput));
  REQUIRE(documents.size() == 3);
  CHECK_FALSE(documents[0].is_policy);
  CHECK(documents[1].is_policy);
  REQUIRE(documents[2].problem());
  CHECK(documents[2].problem()->code == "CL-Y-SYNTAX");
  std::string joined;
  for (const Document& document : documents) joined += document.text();
  CHECK(joined == kInput);
}

TEST_CASE("edits add up, and what was kept is known", "[app][stream]") {
  Documents documents = ReadDocuments(yaml::Split(kInput));
  Document& document = documents[0];
  REQUIRE_FALSE(document.Edit(Resize(document, "10")));
  REQUIRE_FALSE(document.Edit(Resize(document, "200")));
  CHECK(document.text() == "kind: One\nsize: 200\n");
  CHECK(KeptBytesAreEqual(document, document.kept()));
  CHECK(document.InStream({0, 4}) == text::Span{0, 4});
  CHECK_FALSE(document.InStream({16, 17}));  // Written by us.
}

TEST_CASE("pieces that do not hold what they claim are seen", "[app][stream]") {
  Documents documents = ReadDocuments(yaml::Split(kInput));
  Document& document = documents[0];
  REQUIRE_FALSE(document.Edit(Resize(document, "20")));
  CHECK_FALSE(KeptBytesAreEqual(document, {{0, 0, 17}}));            // The old size.
  CHECK_FALSE(KeptBytesAreEqual(document, {{5, 0, 3}}));             // Shifted.
  CHECK_FALSE(KeptBytesAreEqual(document, {{0, 0, 4}, {0, 5, 4}}));  // Out of order.
  CHECK_FALSE(KeptBytesAreEqual(document, {{0, 0, 400}}));
}

TEST_CASE("a passed document is as it came", "[app][stream]") {
  Documents documents = ReadDocuments(yaml::Split(kInput));
  REQUIRE_FALSE(documents[0].Edit(Resize(documents[0], "10")));
  documents[0].Pass();
  CHECK(documents[0].passed());
  CHECK_FALSE(documents[0].edited());
  CHECK(documents[0].text() == "kind: One\nsize: 1\n");
}

}  // namespace
}  // namespace cloudlab::app
