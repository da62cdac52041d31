// Differential fuzzing of the scanner: mutants of small seeds are read by our scanner, by libyaml
// and, with --judge, by go-yaml in another process. Four figures must hold, or the exit code is 1:
//   mismatches  we accept a stream and see another tree than they do     must be 0
//   lenient     we accept a stream that one of them rejects              must be 0
//   valid       mutants that all of them accept: what the others show    at least 30 %
//   accepted    of the valid ones                                        at least 95 %
// The last two are shares, so they are tested on runs of 100,000 mutants or more. Without go-yaml,
// what libyaml alone accepts counts as valid, and 88 % of that must be accepted.
// A plain driver for any compiler; the same seed gives the same mutants.
//
//   fuzz_outline --mutants N --seed S [--judge goyaml] [--show K] SEED_FILE...
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "fuzz/mutator.hpp"
#include "oracle/canonical.hpp"

namespace {

using cloudlab::fuzz::Mutator;
using cloudlab::oracle::ByLibyaml;
using cloudlab::oracle::ByOutline;
using cloudlab::oracle::Hash;

constexpr std::size_t kBatch = 1'000;
constexpr std::uint64_t kLongRun = 100'000;
constexpr std::uint64_t kLeastValid = 30;
constexpr std::uint64_t kLeastAccepted = 95;
constexpr std::uint64_t kLeastAcceptedByLibyamlAlone = 88;

/// go-yaml in a process of its own (tests/oracle/goyaml); answers batches.
class Judge {
 public:
  struct Verdict {
    bool accepted = false;
    std::uint64_t hash = 0;
  };

  explicit Judge(const std::string& program) {
    int to_child[2];
    int from_child[2];
    if (pipe(to_child) != 0 || pipe(from_child) != 0) throw std::runtime_error("pipe");
    child_ = fork();
    if (child_ == 0) {
      dup2(to_child[0], STDIN_FILENO);
      dup2(from_child[1], STDOUT_FILENO);
      for (const int fd : {to_child[0], to_child[1], from_child[0], from_child[1]}) close(fd);
      execl(program.c_str(), program.c_str(), nullptr);
      _exit(127);
    }
    close(to_child[0]);
    close(from_child[1]);
    in_ = fdopen(to_child[1], "wb");
    out_ = fdopen(from_child[0], "rb");
  }
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  ~Judge() {
    std::fclose(in_);
    std::fclose(out_);
    waitpid(child_, nullptr, 0);
  }

  void Send(const std::vector<std::string>& streams) {
    for (const std::string& stream : streams) {
      PutLength(static_cast<std::uint32_t>(stream.size()));
      std::fwrite(stream.data(), 1, stream.size(), in_);
    }
    PutLength(0xFFFFFFFFU);
    std::fflush(in_);
  }

  Verdict Receive() {
    unsigned char answer[9];
    if (std::fread(answer, 1, sizeof answer, out_) != sizeof answer) {
      throw std::runtime_error("the judge ended early");
    }
    Verdict verdict{answer[0] == 1, 0};
    for (int i = 8; i >= 1; --i) verdict.hash = verdict.hash << 8U | answer[i];
    return verdict;
  }

 private:
  void PutLength(std::uint32_t length) {
    for (int i = 0; i < 4; ++i) std::fputc(static_cast<int>(length >> (8 * i) & 0xFFU), in_);
  }

  pid_t child_ = -1;
  FILE* in_ = nullptr;
  FILE* out_ = nullptr;
};

struct Figures {
  std::uint64_t mutants = 0;
  std::uint64_t valid = 0;
  std::uint64_t accepted = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t lenient = 0;
};

class Fuzzer {
 public:
  Fuzzer(Judge* judge, int show) : judge_(judge), show_(show) {}

  void Try(const std::vector<std::string>& batch) {
    if (judge_ != nullptr) judge_->Send(batch);
    for (const std::string& stream : batch) Compare(stream);
  }
  const Figures& figures() const { return figures_; }

 private:
  void Compare(const std::string& stream) {
    const auto ours = ByOutline(stream);
    const auto theirs = ByLibyaml(stream);
    Judge::Verdict go{theirs.has_value(), theirs ? Hash(*theirs) : 0};
    if (judge_ != nullptr) go = judge_->Receive();
    const bool valid = theirs && go.accepted;
    ++figures_.mutants;
    figures_.valid += valid ? 1 : 0;
    figures_.accepted += ours && valid ? 1 : 0;
    if (ours && !valid) {
      ++figures_.lenient;
      Show(theirs ? "lenient: go-yaml rejects" : "lenient: libyaml rejects", stream, ours, theirs);
    } else if (ours && (*ours != *theirs || (Hash(*ours) != go.hash))) {
      ++figures_.mismatches;
      Show(*ours != *theirs ? "mismatch with libyaml" : "mismatch with go-yaml", stream, ours,
           theirs);
    } else if (!ours && valid && show_refused_) {
      Show("refused", stream, ours, theirs);
    }
  }

  void Show(const char* what, const std::string& stream, const std::optional<std::string>& ours,
            const std::optional<std::string>& theirs) {
    if (show_ <= 0) return;
    --show_;
    std::cout << "==== " << what << "\n"
              << stream << "\n---- ours\n"
              << ours.value_or("(rejected)") << "\n---- libyaml\n"
              << theirs.value_or("(rejected)") << "\n";
  }

 public:
  bool show_refused_ = false;

 private:
  Judge* judge_;
  int show_;
  Figures figures_;
};

/// True if what was asked for holds; else says on stderr what does not.
bool Hold(const Figures& f, bool judged) {
  if (f.mismatches > 0 || f.lenient > 0) return false;  // They were shown.
  if (f.mutants < kLongRun) return true;
  const auto at_least = [](std::uint64_t part, std::uint64_t whole, std::uint64_t percent,
                           const char* what) {
    if (part * 100 >= whole * percent) return true;
    std::cerr << "fuzz_outline: only " << part << " of " << whole << " " << what << ", less than "
              << percent << " %\n";
    return false;
  };
  const bool valid = at_least(f.valid, f.mutants, kLeastValid, "mutants are valid");
  const bool accepted =
      at_least(f.accepted, f.valid, judged ? kLeastAccepted : kLeastAcceptedByLibyamlAlone,
               "valid mutants are accepted");
  return valid && accepted;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Differential fuzzing of the scanner against libyaml and go-yaml");
  std::uint64_t mutants = 100'000;
  std::uint64_t seed = 1;
  std::string judge_program;
  int show = 5;
  bool refused = false;
  std::vector<std::string> files;
  app.add_option("--mutants", mutants, "How many mutants to try");
  app.add_option("--seed", seed, "Seed of the random numbers");
  app.add_option("--judge", judge_program, "The program of tests/oracle/goyaml");
  app.add_option("--show", show, "How many findings to print");
  app.add_flag("--refused", refused, "Print valid streams that are refused, too");
  app.add_option("seeds", files, "Seed files")->required();
  CLI11_PARSE(app, argc, argv);

  const std::vector<std::string> seeds = cloudlab::fuzz::ReadFiles(files);
  std::optional<Judge> judge;
  if (!judge_program.empty()) judge.emplace(judge_program);
  Mutator mutator(seeds, seed);
  Fuzzer fuzzer(judge ? &*judge : nullptr, show);
  fuzzer.show_refused_ = refused;
  fuzzer.Try(seeds);
  for (std::uint64_t done = 0; done < mutants;) {
    std::vector<std::string> batch;
    for (; batch.size() < kBatch && done < mutants; ++done) batch.push_back(mutator.Next());
    fuzzer.Try(batch);
  }
  const Figures& f = fuzzer.figures();
  const auto count = [](std::uint64_t n) { return std::to_string(n); };
  std::cout << count(f.mutants - seeds.size()) << " mutants, " << count(f.valid) << " valid, "
            << count(f.accepted) << " accepted, " << count(f.valid - f.accepted) << " refused, "
            << count(f.mismatches) << " mismatches, " << count(f.lenient) << " lenient, seed "
            << seed << std::endl;
  return Hold(f, judge.has_value()) ? 0 : 1;
}
