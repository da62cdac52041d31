// The places that a list of n items offers are its n + 1 gaps. Everything new goes to the end of
// its gap, so that what was proposed earlier starts earlier.

#include "policy/sidecar/order.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "policy/diagnose.hpp"
#include "policy/sidecar/lists.hpp"

namespace cloudlab::policy {
namespace sidecar {
namespace {

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// What policies wish of the order between the container of one and another container.
class Wishes {
 public:
  Wishes(const Sidecar& self, std::span<const Sidecar> others) : self_(self), others_(others) {}

  bool StartsAfter(std::string_view other) const {
    return Contains(self_.after, other) || AnyOther(other, &Sidecar::before);
  }
  bool StartsBefore(std::string_view other) const {
    return Contains(self_.before, other) || AnyOther(other, &Sidecar::after);
  }

 private:
  /// True if the policy that brings `other` names our container in `list`.
  bool AnyOther(std::string_view other, std::vector<std::string> Sidecar::*list) const {
    return std::ranges::any_of(others_, [&](const Sidecar& sidecar) {
      return sidecar.container == other && Contains(sidecar.*list, self_.container);
    });
  }

  const Sidecar& self_;
  std::span<const Sidecar> others_;
};

/// The gaps that remain, and who narrowed them.
struct Range {
  std::size_t low = 0;
  std::size_t high = 0;
  std::string low_because;
  std::string high_because;

  void AtLeast(std::size_t gap, const std::string& because) {
    if (gap > low || low_because.empty()) low_because = because;
    low = std::max(low, gap);
  }
  void AtMost(std::size_t gap, const std::string& because) {
    if (gap < high || high_because.empty()) high_because = because;
    high = std::min(high, gap);
  }
};

/// One container of the list, existing or about to be added.
struct Neighbour {
  std::string name;
  std::size_t gap = 0;  ///< Its index, or the gap that it will go to.
  bool pending = false;
  bool chart_init = false;  ///< An init container that is no sidecar.
  yaml::NodeId id = yaml::kNoNode;
};

std::vector<Neighbour> ReadNeighbours(yaml::NodeView list, const kube::PodTemplate& pod,
                                      const char* key, const yaml::ChangeSet& pending) {
  std::vector<Neighbour> result;
  std::map<yaml::NodeId, std::size_t> index;
  for (const yaml::NodeView item : list.children()) {
    const yaml::NodeView node = item.Resolved();
    index[item.id()] = index.size();
    result.push_back({.name = node.Find("name").Text(),
                      .gap = index.size() - 1,
                      .chart_init = !node.Find("restartPolicy").TextIs("Always"),
                      .id = item.id()});
  }
  for (const yaml::NewItem& item : PendingItems(pending, pod.spec, key)) {
    std::size_t gap = index.size();
    if (item.place.side != yaml::ItemPlace::Side::kEnd) {
      gap = index[item.place.sibling] + (item.place.side == yaml::ItemPlace::Side::kAfter ? 1 : 0);
    }
    result.push_back({.name = NameOf(item.value), .gap = gap, .pending = true});
  }
  return result;
}

/// Wishes about the containers of the other list: init containers start before main ones.
std::string OtherListError(const Wishes& wishes, const kube::PodTemplate& pod, bool native) {
  for (const yaml::NodeView item :
       pod.spec.Find(native ? "containers" : "initContainers").children()) {
    const std::string name = item.Resolved().Find("name").Text();
    if (native && wishes.StartsAfter(name)) {
      return "it shall start after " + name +
             ", but a native sidecar starts before all of "
             "`containers`";
    }
    if (!native && wishes.StartsBefore(name)) {
      return "it shall start before " + name +
             ", but init containers start before all of "
             "`containers`";
    }
  }
  return {};
}

std::size_t PreferredGap(const Sidecar& self, const std::vector<Neighbour>& neighbours,
                         std::size_t size, bool native) {
  if (!native || self.position == Sidecar::Position::kLast) return size;
  if (self.position == Sidecar::Position::kFirst) return 0;
  for (const Neighbour& neighbour : neighbours) {
    if (!neighbour.pending && neighbour.chart_init) return neighbour.gap;
  }
  return size;
}

}  // namespace

Placement FindPlacement(const Sidecar& self, std::span<const Sidecar> others,
                        const kube::PodTemplate& pod, bool native, const yaml::ChangeSet& pending) {
  const char* key = native ? "initContainers" : "containers";
  const yaml::NodeView list = pod.spec.Find(key);
  const std::vector<Neighbour> neighbours = ReadNeighbours(list, pod, key, pending);
  const auto size = static_cast<std::size_t>(
      std::ranges::count_if(neighbours, [](const Neighbour& n) { return !n.pending; }));
  const Wishes wishes(self, others);
  Placement result;
  result.error = OtherListError(wishes, pod, native);
  if (!result.error.empty()) return result;
  Range range;
  range.high = size;
  bool impossible = false;
  for (const Neighbour& neighbour : neighbours) {
    const bool after = wishes.StartsAfter(neighbour.name);
    const bool before = wishes.StartsBefore(neighbour.name);
    if (after) range.AtLeast(neighbour.gap + (neighbour.pending ? 0 : 1), neighbour.name);
    if (!before) continue;
    // What is pending stands before us in the same gap; to start earlier, we need an earlier one.
    impossible = impossible || after || (neighbour.pending && neighbour.gap == 0);
    const bool earlier_gap = neighbour.pending && neighbour.gap > 0;
    range.AtMost(earlier_gap ? neighbour.gap - 1 : neighbour.gap, neighbour.name);
  }
  if (impossible || range.low > range.high) {
    result.error = "it shall start after " +
                   (range.low_because.empty() ? "others" : range.low_because) + " and before " +
                   range.high_because + ", which start the other way round";
    return result;
  }
  const std::size_t gap =
      std::clamp(PreferredGap(self, neighbours, size, native), range.low, range.high);
  result.first_of_existing = gap == 0 && size > 0;
  if (gap < size) {
    result.place = {.side = yaml::ItemPlace::Side::kBefore, .sibling = neighbours[gap].id};
  }
  return result;
}

}  // namespace sidecar

namespace {

std::vector<std::string> Texts(const yaml::Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const yaml::Value& item : list->items()) texts.push_back(item.text());
  return texts;
}

/// The container that `document` injects; its name is empty if it injects none.
Sidecar ReadSidecar(const Document& document) {
  Sidecar sidecar;
  sidecar.policy = document.name;
  if (const yaml::Value* container = document.spec.Find("container")) {
    sidecar.container = sidecar::NameOf(*container);
  }
  const yaml::Value* order = document.spec.Find("order");
  if (order == nullptr) return sidecar;
  sidecar.before = Texts(order->Find("before"));
  sidecar.after = Texts(order->Find("after"));
  if (const yaml::Value* position = order->Find("position")) {
    if (position->text() == "First") sidecar.position = Sidecar::Position::kFirst;
    if (position->text() == "BeforeApp") sidecar.position = Sidecar::Position::kBeforeApp;
  }
  return sidecar;
}

bool MustPrecede(const Sidecar& a, const Sidecar& b) {
  if (a.container.empty() || b.container.empty()) return false;
  return std::ranges::find(a.before, b.container) != a.before.end() ||
         std::ranges::find(b.after, a.container) != b.after.end();
}

/// The order of `sidecars` as indices into it; shorter than it if there is a cycle.
std::vector<std::size_t> Sorted(const std::vector<Sidecar>& sidecars) {
  std::vector<std::size_t> order;
  std::vector<bool> done(sidecars.size(), false);
  while (order.size() < sidecars.size()) {
    std::size_t best = sidecars.size();
    for (std::size_t i = 0; i < sidecars.size(); ++i) {
      if (done[i]) continue;
      bool ready = true;
      for (std::size_t j = 0; j < sidecars.size(); ++j) {
        ready = ready && (done[j] || !MustPrecede(sidecars[j], sidecars[i]));
      }
      const auto rank = [&](std::size_t k) {
        return std::pair(sidecars[k].position, std::string_view(sidecars[k].policy));
      };
      if (ready && (best == sidecars.size() || rank(i) < rank(best))) best = i;
    }
    if (best == sidecars.size()) break;
    done[best] = true;
    order.push_back(best);
  }
  return order;
}

}  // namespace

std::vector<Sidecar> CollectSidecars(const DocumentSet& documents) {
  std::vector<Sidecar> sidecars;
  for (const Document* document : documents.OfKind("SidecarPolicy")) {
    Sidecar sidecar = ReadSidecar(*document);
    if (!sidecar.container.empty()) sidecars.push_back(std::move(sidecar));
  }
  return sidecars;
}

void SortSidecars(std::vector<std::unique_ptr<Policy>>& policies, text::Diagnostics& diagnostics) {
  std::vector<std::size_t> places;
  std::vector<Sidecar> sidecars;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (policies[i]->stage() != Stage::kSidecars) continue;
    places.push_back(i);
    sidecars.push_back(ReadSidecar(policies[i]->document()));
  }
  const std::vector<std::size_t> order = Sorted(sidecars);
  if (order.size() < sidecars.size()) {
    std::string names;
    const Document* first = nullptr;
    for (std::size_t i = 0; i < sidecars.size(); ++i) {
      if (std::ranges::find(order, i) != order.end()) continue;
      if (first == nullptr) first = &policies[places[i]]->document();
      names += (names.empty() ? "" : ", ") + sidecars[i].policy;
    }
    diagnostics.Add(
        Error("CL-A-ORDER-CYCLE",
              "the containers of these policies must each start before another: " + names,
              first->PlaceAt({"spec", "order"}), "remove one of the names from before or after"));
    return;
  }
  std::vector<std::unique_ptr<Policy>> sorted;
  for (const std::size_t i : order) sorted.push_back(std::move(policies[places[i]]));
  for (std::size_t i = 0; i < places.size(); ++i) policies[places[i]] = std::move(sorted[i]);
}

}  // namespace cloudlab::policy
