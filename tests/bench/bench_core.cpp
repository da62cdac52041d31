// Speed of the core on one stream, each figure also as a ratio to counting newlines with memchr in
// the same process, so that machines can be compared. Prints JSON for bench.py.
//
//   bench_core STREAM.yaml
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "policy/secrets/leak.hpp"
#include "text/edit.hpp"
#include "yaml/change.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"
#include "yaml/surgery.hpp"
#include "yaml/verify.hpp"
#include "yaml/view.hpp"

namespace {

using namespace cloudlab;

/// Of this process's own work, on all cores, so that a busy machine slows both sides of a ratio
/// alike.
double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Seconds of the median of several runs.
template <typename Work>
double Median(Work work) {
  constexpr int kRuns = 9;
  std::vector<double> seconds;
  for (int i = 0; i < kRuns; ++i) {
    const double begin = CpuSeconds();
    work();
    seconds.push_back(CpuSeconds() - begin);
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

std::size_t CountNewlines(std::string_view text) {
  std::size_t count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while ((at = static_cast<const char*>(
              std::memchr(at, '\n', static_cast<std::size_t>(end - at)))) != nullptr) {
    ++count;
    ++at;
  }
  return count;
}

std::size_t ScanAll(std::string_view text) {
  std::size_t nodes = 0;
  for (const yaml::Slice& slice : yaml::Split(text)) {
    nodes += yaml::Scan(slice.text, slice.offset == 0).outline.nodes().size();
  }
  return nodes;
}

/// Adds one annotation to every pod template; with `prove`, as the program does it.
std::size_t EditAll(std::string_view text, bool prove) {
  std::size_t size = 0;
  for (const yaml::Slice& slice : yaml::Split(text)) {
    const yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
    const auto pod = yaml::NodeView::Root(scan.outline).Find({"spec", "template", "metadata"});
    if (!pod) {
      size += slice.text.size();
      continue;
    }
    yaml::ChangeSet changes;
    const auto annotations = pod.Find("annotations");
    const auto clash =
        annotations
            ? changes.Put(annotations.id(), {"bench"}, yaml::Value::String("yes"), 0)
            : changes.Put(pod.id(), {"annotations", "bench"}, yaml::Value::String("yes"), 0);
    if (clash) return 0;
    const auto edits = yaml::Operate(scan.outline, changes);
    const std::string edited = std::get<text::EditSet>(edits).Apply(slice.text);
    size += edited.size();
    if (!prove) continue;
    const yaml::ScanResult again = yaml::Scan(edited, slice.offset == 0);
    if (again.problem || yaml::Verify(scan.outline, changes, again.outline)) return 0;
  }
  return size;
}

/// A search for `count` values of letters and digits, none of which is in any text.
policy::secrets::LeakSearch SearchFor(std::size_t count) {
  policy::secrets::LeakSearch search;
  std::uint64_t state = 1;
  for (std::size_t id = 0; id < count; ++id) {
    std::string value;
    while (value.size() < 24) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      value += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@"[state >> 58U];
    }
    search.Add(value, id);
  }
  search.Prepare();
  return search;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  volatile std::size_t sink = 0;
  const double memchr_seconds = Median([&] { sink = sink + CountNewlines(text); });
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  std::printf("{\"bytes\": %zu, \"memchr\": {\"mb_per_s\": %.0f}", text.size(),
              megabytes / memchr_seconds);
  const auto report = [&](const char* name, auto work) {
    const double seconds = Median([&] { sink = sink + work(); });
    std::printf(", \"%s\": {\"mb_per_s\": %.0f, \"of_memchr\": %.3f}", name, megabytes / seconds,
                memchr_seconds / seconds);
  };
  report("scan", [&] { return ScanAll(text); });
  report("edit", [&] { return EditAll(text, false); });
  report("edit_and_prove", [&] { return EditAll(text, true); });
  for (const std::size_t count : {std::size_t{10}, std::size_t{1000}}) {
    const auto search = SearchFor(count);
    const std::string name = "leaks_of_" + std::to_string(count);
    report(name.c_str(), [&] { return search.FindAll(text).size(); });
  }
  std::printf("}\n");
  return 0;
}
