#include "app/report.hpp"

#include <catch2/catch.hpp>

namespace cloudlab::app {
namespace {

using policy::FieldEdit;

const kube::ObjectId kCart{"apps/v1", "Deployment", "shop", "cart"};
const kube::ObjectId kOrders{"apps/v1", "Deployment", "shop", "orders"};

FieldEdit Row(const kube::ObjectId& object, FieldEdit::Op op, std::string old_value,
              std::string new_value) {
  FieldEdit edit;
  edit.object = object;
  edit.path = "spec.replicas";
  edit.op = op;
  edit.old_value = std::move(old_value);
  edit.new_value = std::move(new_value);
  return edit;
}

TEST_CASE("a field has one row: its first old and its last new value", "[app][report]") {
  Report report;
  report.AddEdit(Row(kCart, FieldEdit::Op::kAdd, "", "1"));
  report.AddEdit(Row(kOrders, FieldEdit::Op::kReplace, "1", "2"));
  report.AddEdit(Row(kCart, FieldEdit::Op::kReplace, "1", "3"));
  report.AddEdit(Row(kOrders, FieldEdit::Op::kReplace, "2", "4"));
  REQUIRE(report.edits.size() == 2);
  CHECK(report.edits[0].op == FieldEdit::Op::kAdd);
  CHECK(report.edits[0].old_value.empty());
  CHECK(report.edits[0].new_value == "3");
  CHECK(report.edits[1].op == FieldEdit::Op::kReplace);
  CHECK(report.edits[1].old_value == "1");
  CHECK(report.edits[1].new_value == "4");
}

TEST_CASE("a document that is passed through after all has no rows", "[app][report]") {
  Report report;
  report.AddEdit(Row(kCart, FieldEdit::Op::kAdd, "", "1"));
  report.AddEdit(Row(kOrders, FieldEdit::Op::kReplace, "1", "2"));
  report.DropEdits(std::vector{kCart});
  REQUIRE(report.edits.size() == 1);
  CHECK(report.edits[0].object == kOrders);
  report.AddEdit(Row(kCart, FieldEdit::Op::kReplace, "5", "6"));
  REQUIRE(report.edits.size() == 2);
  CHECK(report.edits[1].old_value == "5");
}

}  // namespace
}  // namespace cloudlab::app
