// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "cases/kernels.hpp"
#include "peers/serve.hpp"
#include "report/interleaved.hpp"
#include "report/machine.hpp"
#include "report/peer_process.hpp"
#include "report/rows.hpp"

namespace bench {
namespace {

/// Rows of a batch that the expression peers get; their time is compared with the kernel's on as many.
constexpr std::int64_t peer_rows = 65536;

/// The peers that are programs of their own, started when first needed.
class peer_programs {
 public:
  explicit peer_programs(std::filesystem::path folder) : folder_(std::move(folder)) {}

  static bool knows(const std::string& name) { return commands().contains(name); }

  /// Null when the peer cannot run.
  std::shared_ptr<peer_process> find(const std::string& name) {
    const auto [found, is_new] = started_.try_emplace(name);
    if (is_new) {
      std::vector<std::string> command = commands().at(name);
      command.front() = (folder_ / command.front()).string();
      found->second = std::make_shared<peer_process>(command);
      if (!found->second->absent().empty()) {
        left_out_.push_back(name + ": " + std::filesystem::path(command.front()).filename().string() + ": " +
                            found->second->absent());
      }
    }
    return found->second->absent().empty() ? found->second : nullptr;
  }

  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  static const std::map<std::string, std::vector<std::string>>& commands() {
    static const std::map<std::string, std::vector<std::string>> all{
        {"plain", {"bench_report_plain", "--serve"}},
        {"libtorch", {"bench_peer_torch"}},
        {"libtorch-margins", {"bench_peer_torch", "margins"}},
        {"eigen", {"bench_peer_eigen"}},
        {"xtensor", {"bench_peer_xtensor"}},
        {"python", {"bench_peer_kmeans.py"}}};
    return all;
  }

  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<peer_process>> started_;
  std::vector<std::string> left_out_;
};

struct measured_row {
  std::string name;
  double ns_per_row = 0, bytes_per_row = 0;
  spread triad;
  std::optional<spread> raw;
  std::map<std::string, double> peers;  ///< time of the peer / time of the kernel
};

/// A peer that runs in this process, on the batch of the row or its like.
stopwatch local_peer(const std::string& name, bench_case what, std::int64_t rows) {
  const timed_by clock = clock_of(what);
  if (name == "std::sort") { return {prepare_sort(what), rows, clock}; }
  if (name == "seq") {
    what.threads = false;
  } else if (name == "dense") {
    what.layout = layout::dense;
    what.rows = rows;
  } else {
    throw std::logic_error("no peer is called " + name);
  }
  const kernel_runs runs = prepare(what);
  return {runs.kernel, runs.rows, clock};
}

interleaved::one_run remote_peer(std::shared_ptr<peer_process> peer, const bench_case& what) {
  peer->ask(name_of(what));  // prepares the case and warms up
  return [peer, name = name_of(what)] { return peer->ask(name); };
}

measured_row measure(const report_row& row, peer_programs& programs, int rounds) {
  const kernel_runs runs = prepare(row.what);
  const timed_by clock = clock_of(row.what);
  std::vector<interleaved::one_run> on_batch{stopwatch(runs.kernel, runs.rows, clock),
                                             stopwatch(runs.triad, runs.rows, clock)};
  if (runs.raw) { on_batch.push_back(stopwatch(runs.raw, runs.rows, clock)); }
  std::vector<std::string> batch_peers, expression_peers;
  std::vector<interleaved::one_run> on_peer_batch;
  bench_case peer_case = row.what;
  peer_case.rows = peer_rows;
  for (const std::string& name : row.peers) {
    if (!peer_programs::knows(name)) {
      on_batch.push_back(local_peer(name, row.what, runs.rows));
      batch_peers.push_back(name);
    } else if (const auto peer = programs.find(name)) {
      const bool same_batch = name == "plain";
      (same_batch ? on_batch : on_peer_batch).push_back(remote_peer(peer, same_batch ? row.what : peer_case));
      (same_batch ? batch_peers : expression_peers).push_back(name);
    }
  }

  const interleaved figures(on_batch, rounds);
  measured_row result{name_of(row.what), figures.of(0).median, bytes_per_row(row.what), figures.ratio(0, 1), {}, {}};
  if (runs.raw) { result.raw = figures.ratio(0, 2); }
  const std::size_t first_peer = runs.raw ? 3 : 2;
  for (std::size_t i = 0; i < batch_peers.size(); ++i) {
    result.peers[batch_peers[i]] = figures.ratio(first_peer + i, 0).median;
  }
  if (!on_peer_batch.empty()) {
    const kernel_runs ours = prepare(peer_case);
    on_peer_batch.insert(on_peer_batch.begin(), stopwatch(ours.kernel, ours.rows, clock));
    const interleaved peer_figures(on_peer_batch, rounds);
    for (std::size_t i = 0; i < expression_peers.size(); ++i) {
      result.peers[expression_peers[i]] = peer_figures.ratio(i + 1, 0).median;
    }
  }
  return result;
}

void print_header() {
  std::printf("%-40s %10s %7s %15s %7s  %s\n", "case", "ns/row", "GB/s", "x triad", "x raw", "peers, x our time");
}

void print(const measured_row& row) {
  const double percent = 100.0 * row.triad.quartiles / row.triad.median;
  std::printf("%-40s %10.4g %7.2f %7.2f +-%4.1f%% ", row.name.c_str(), row.ns_per_row,
              row.bytes_per_row / row.ns_per_row, row.triad.median, percent / 2);
  if (row.raw) {
    std::printf("%7.2f ", row.raw->median);
  } else {
    std::printf("%7s ", "-");
  }
  for (const auto& [name, ratio] : row.peers) { std::printf(" %s %.4g", name.c_str(), ratio); }
  std::printf("\n");
  std::fflush(stdout);
}

nlohmann::json to_json(const measured_row& row) {
  return {{"case", row.name},
          {"ns_per_row", row.ns_per_row},
          {"bytes_per_row", row.bytes_per_row},
          {"triad_ratio", row.triad.median},
          {"triad_ratio_quartiles", row.triad.quartiles},
          {"raw_ratio", row.raw ? nlohmann::json(row.raw->median) : nlohmann::json()},
          {"peer", row.peers}};
}

int report(const std::string& filter, const std::string& json_path, int rounds) {
  const std::string machine = describe_machine(compiled_for());
  std::printf("%s; medians of %d interleaved rounds\n", machine.c_str(), rounds);
  print_header();
  peer_programs programs(std::filesystem::read_symlink("/proc/self/exe").parent_path());
  nlohmann::json rows = nlohmann::json::array();
  for (const report_row& row : report_rows()) {
    if (name_of(row.what).find(filter) == std::string::npos) { continue; }
    const measured_row measured = measure(row, programs, rounds);
    print(measured);
    rows.push_back(to_json(measured));
  }
  if (rows.empty()) { throw std::invalid_argument("no case contains '" + filter + "'; --list shows them all"); }
  for (const std::string& peer : programs.left_out()) { std::printf("left out: %s\n", peer.c_str()); }
  if (!json_path.empty()) {
    std::ofstream file(json_path);
    file << nlohmann::json{{"machine", machine}, {"rounds", rounds}, {"rows", rows}, {"left_out", programs.left_out()}}
                .dump(1)
         << '\n';
    if (!file.flush()) { throw std::runtime_error("cannot write " + json_path); }
  }
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app{"Times every kernel against its twins and peers, interleaved; ratios within rounds, medians over them."};
  std::string filter, json_path;
  int repetitions = 15;
  bool list = false, serve = false;
  app.add_option("--json", json_path, "also write the figures to this file");
  app.add_option("--filter", filter, "only cases whose name contains this");
  app.add_option("--repetitions", repetitions, "rounds")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--list", list, "print the names of the cases");
  app.add_flag("--serve", serve, "be a peer: time the cases named on stdin");
  CLI11_PARSE(app, argc, argv);
  try {
    if (serve) {
      return bench::serve([](const bench::bench_case& wanted) {
        const bench::kernel_runs runs = bench::prepare(wanted);
        return bench::stopwatch(runs.kernel, runs.rows, clock_of(wanted));
      });
    }
    if (list) {
      for (const auto& row : bench::report_rows()) { std::printf("%s\n", bench::name_of(row.what).c_str()); }
      return 0;
    }
    return bench::report(filter, json_path, repetitions);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_report: %s\n", error.what());
    return 1;
  }
}
