#include "kube/limit_range.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace cloudlab::kube {
namespace {

using Bound = LimitViolation::Bound;

const Quantity* FindIn(const ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? nullptr : &found->second;
}

void FillFrom(const ResourceList& source, ResourceList& list) {
  list.insert(source.begin(), source.end());
}

std::optional<Quantity> Copied(const Quantity* quantity) {
  return quantity == nullptr ? std::nullopt : std::optional(*quantity);
}

/// Requests and limits of one subject: a container, or the pod as a whole.
struct Subject {
  std::string container;
  const ResourceList& requests;
  const ResourceList& limits;
};

/// Compares one subject with the bounds of one item.
class Comparison {
 public:
  Comparison(const LimitRange& range, const Subject& subject, std::vector<LimitViolation>& found)
      : range_(range), subject_(subject), found_(found) {}

  void Compare(const LimitRangeItem& item) {
    for (const auto& [resource, bound] : item.min) CompareMin(resource, bound);
    for (const auto& [resource, bound] : item.max) CompareMax(resource, bound);
    for (const auto& [resource, bound] : item.max_ratio) CompareRatio(resource, bound);
  }

 private:
  /// A minimum wants a request, but no limit.
  void CompareMin(const std::string& resource, const Quantity& bound) {
    const Quantity* request = FindIn(subject_.requests, resource);
    const Quantity* limit = FindIn(subject_.limits, resource);
    if (request == nullptr || *request < bound) {
      Add(resource, Bound::kMin, false, request, bound);
    } else if (limit != nullptr && *limit < bound) {
      Add(resource, Bound::kMin, true, limit, bound);
    }
  }

  /// A maximum wants a limit, but no request.
  void CompareMax(const std::string& resource, const Quantity& bound) {
    const Quantity* request = FindIn(subject_.requests, resource);
    const Quantity* limit = FindIn(subject_.limits, resource);
    if (limit == nullptr || *limit > bound) {
      Add(resource, Bound::kMax, true, limit, bound);
    } else if (request != nullptr && *request > bound) {
      Add(resource, Bound::kMax, false, request, bound);
    }
  }

  /// A ratio wants both, and neither may be zero.
  void CompareRatio(const std::string& resource, const Quantity& bound) {
    const Quantity* request = FindIn(subject_.requests, resource);
    const Quantity* limit = FindIn(subject_.limits, resource);
    if (request == nullptr || request->IsZero()) {
      Add(resource, Bound::kRatio, false, request, bound);
    } else if (limit == nullptr || limit->IsZero()) {
      Add(resource, Bound::kRatio, true, limit, bound);
    } else {
      // limit / request > ratio, without a division.
      constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
      const std::int64_t milli = std::clamp<std::int64_t>(bound.Milli(), 0, kMost);
      if (limit->Times(1000) <= request->Times(milli)) return;
      Add(resource, Bound::kRatio, true, limit, bound);
      found_.back().request = *request;
    }
  }

  void Add(const std::string& resource, Bound bound, bool of_limit, const Quantity* stated,
           const Quantity& allowed) {
    found_.push_back({.limit_range = range_.id,
                      .container = subject_.container,
                      .resource = resource,
                      .bound = bound,
                      .of_limit = of_limit,
                      .stated = Copied(stated),
                      .request = {},
                      .allowed = allowed});
  }

  const LimitRange& range_;
  const Subject& subject_;
  std::vector<LimitViolation>& found_;
};

/// Fills the defaults of `range` into a container. A default limit under the container's own
/// request makes the pod invalid: the documentation calls this trap out.
void FillDefaults(const LimitRange& range, ContainerResources& container,
                  std::vector<LimitViolation>& found) {
  ResourceList limits;
  ResourceList requests;
  for (const LimitRangeItem& item : range.items) {
    if (item.of_pod) continue;
    // Of several items that name a default the last one counts.
    for (const auto& [name, quantity] : item.default_limit) limits[name] = quantity;
    for (const auto& [name, quantity] : item.default_request) requests[name] = quantity;
  }
  FillFrom(requests, container.requests);
  for (const auto& [name, quantity] : limits) {
    if (!container.limits.try_emplace(name, quantity).second) continue;
    const Quantity* request = FindIn(container.requests, name);
    if (request == nullptr || *request <= quantity) continue;
    found.push_back({.limit_range = range.id,
                     .container = container.name,
                     .resource = name,
                     .bound = Bound::kDefault,
                     .of_limit = false,
                     .stated = *request,
                     .request = {},
                     .allowed = quantity});
  }
}

/// The pod as a whole without overhead, which LimitRanges do not count.
PodResources WithoutOverhead(const PodResources& pod) {
  PodResources bare = pod;
  bare.overhead.clear();
  return bare;
}

}  // namespace

LimitRange ReadLimitRange(const Manifest& manifest) {
  LimitRange range{.id = manifest.id, .node = manifest.root.Find({"spec", "limits"}), .items = {}};
  for (const yaml::NodeView child : range.node.children()) {
    const yaml::NodeView node = child.Resolved();
    const bool of_pod = node.Find("type").TextIs("Pod");
    if (!of_pod && !node.Find("type").TextIs("Container")) continue;
    LimitRangeItem item{
        .of_pod = of_pod,
        .default_limit = ReadResourceList(node.Find("default").Resolved()),
        .default_request = ReadResourceList(node.Find("defaultRequest").Resolved()),
        .min = ReadResourceList(node.Find("min").Resolved()),
        .max = ReadResourceList(node.Find("max").Resolved()),
        .max_ratio = ReadResourceList(node.Find("maxLimitRequestRatio").Resolved())};
    if (!of_pod) {
      FillFrom(item.max, item.default_limit);
      FillFrom(item.default_limit, item.default_request);
      FillFrom(item.min, item.default_request);
    }
    range.items.push_back(std::move(item));
  }
  return range;
}

std::string LimitViolation::Describe() const {
  const std::string subject = container.empty() ? "the pod" : "container " + container;
  const std::string field = (of_limit ? "limits." : "requests.") + resource;
  const bool lacks = !stated || (bound == Bound::kRatio && stated->IsZero());
  const std::string has =
      lacks ? subject + " has no " + field : subject + " has " + field + " " + stated->Print();
  switch (bound) {
    case Bound::kMin:
      return has + (lacks ? " where the minimum is " : " under the minimum ") + allowed.Print();
    case Bound::kMax:
      return has + (lacks ? " where the maximum is " : " over the maximum ") + allowed.Print();
    case Bound::kRatio:
      if (lacks) return has + " where a limit may be " + allowed.Print() + " times its request";
      return has + ", over " + allowed.Print() + " times its request " + request->Print();
    case Bound::kDefault:
      return has + " over the limit " + allowed.Print() + " that it gets by default";
  }
  return {};
}

void ApplyRequestDefaults(PodResources& pod) {
  for (ContainerResources& container : pod.containers)
    FillFrom(container.limits, container.requests);
}

ResourceList EffectiveLimit(const PodResources& pod) {
  // The sums and maxima are those of requests, so limits are handed in as such.
  PodResources mirror;
  for (const ContainerResources& container : pod.containers) {
    mirror.containers.push_back({.name = container.name,
                                 .type = container.type,
                                 .requests = container.limits,
                                 .limits = {}});
  }
  mirror.pod_requests = pod.pod_limits;
  ResourceList limit = EffectiveRequest(std::move(mirror));
  for (auto& [name, quantity] : limit) {
    const Quantity* overhead = FindIn(pod.overhead, name);
    if (overhead != nullptr) quantity += *overhead;
  }
  return limit;
}

std::vector<LimitViolation> ApplyLimitRanges(std::span<const LimitRange> ranges,
                                             PodResources& pod) {
  std::vector<LimitViolation> found;
  ApplyRequestDefaults(pod);
  for (const LimitRange& range : ranges) {
    for (ContainerResources& container : pod.containers) {
      if (container.type != ContainerType::kEphemeral) FillDefaults(range, container, found);
    }
  }
  const bool any_of_pod = std::ranges::any_of(ranges, [](const LimitRange& range) {
    return std::ranges::any_of(range.items, &LimitRangeItem::of_pod);
  });
  ResourceList pod_requests;
  ResourceList pod_limits;
  if (any_of_pod) {
    pod_requests = EffectiveRequest(WithoutOverhead(pod));
    pod_limits = EffectiveLimit(WithoutOverhead(pod));
  }
  for (const LimitRange& range : ranges) {
    for (const LimitRangeItem& item : range.items) {
      if (item.of_pod) {
        const Subject subject{{}, pod_requests, pod_limits};
        Comparison(range, subject, found).Compare(item);
        continue;
      }
      for (const ContainerResources& container : pod.containers) {
        if (container.type == ContainerType::kEphemeral) continue;
        const Subject subject{container.name, container.requests, container.limits};
        Comparison(range, subject, found).Compare(item);
      }
    }
  }
  return found;
}

}  // namespace cloudlab::kube
