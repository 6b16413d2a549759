// SPDX-License-Identifier: MIT
#include "cli/pipeline_options.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>

#include "cli/number_checks.hpp"

namespace cli {
namespace {

namespace po = dynamicpo;

constexpr const char* selections = "all, boundary, violators, top-k:N, random:N";

// N of "<prefix>N", N >= 1.
std::optional<po::index> count_after(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) { return std::nullopt; }
  text.remove_prefix(prefix.size());
  po::index count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < 1) { return std::nullopt; }
  return count;
}

std::optional<named_selection::any> parse_selection(std::string_view text) {
  if (text == "all") { return po::select::all{}; }
  if (text == "boundary") { return po::select::boundary{}; }
  if (text == "violators") { return po::select::violators{}; }
  if (const auto count = count_after("top-k:", text)) { return po::select::top_k{*count}; }
  if (const auto count = count_after("random:", text)) { return po::select::random_k{*count}; }
  return std::nullopt;
}

CLI::Validator names_a_selection() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_selection(text) ? std::string() : "expected one of " + std::string(selections) + ", found " + text;
      },
      "");
}

}  // namespace

void pipeline_options::add_to(CLI::App& command) {
  command.add_flag("--dynamic", dynamic, "DynamicPO: boundary negatives (unless --select) and dual-margin beta");
  command
      .add_option("--select", select,
                  "Negatives that enter the loss: " + std::string(selections) +
                      " [boundary with --dynamic, else all]. top-k keeps ties of the N-th; random draws N a row")
      ->check(names_a_selection())
      ->option_text("SELECTION");
  command.add_option("--beta", beta, "Inverse temperature, the base of a dynamic one")
      ->check(positive())
      ->capture_default_str();
  command.add_option("--gamma", gamma, "Target margin of the dual-margin beta")
      ->check(number("a finite number", [](double x) { return std::isfinite(x); }))
      ->capture_default_str();
  command.add_option("--alpha", alpha, "Strength of the dual-margin beta: beta_i is within beta (1 -+ alpha)")
      ->check(number("a number in [0, 1]", [](double x) { return x >= 0 && x <= 1; }))
      ->capture_default_str();
  command.add_flag("--reference-free", reference_free, "Log-ratios are the policy scores; no reference is read");
  command.add_option("--seed", seed, "Of random:N")->capture_default_str();
}

void pipeline_options::note_unused(const CLI::App& command) const {
  const auto note = [&](const char* option, const char* needed) {
    if (command.count(option) == 0) { return; }
    const std::string name = command.get_name();
    std::fprintf(stderr, "dynamicpo %s: note: %s has no effect without %s\n", name.c_str(), option, needed);
  };
  if (!dynamic) {
    note("--gamma", "--dynamic");
    note("--alpha", "--dynamic");
  }
  if (!select.starts_with("random:")) { note("--seed", "--select random:N"); }
}

bool pipeline_options::selects() const { return dynamic || (!select.empty() && select != "all"); }

named_selection pipeline_options::selection(po::index first_row) const {
  if (select.empty()) { return {dynamic ? named_selection::any{po::select::boundary{}} : po::select::all{}}; }
  auto parsed = parse_selection(select);
  if (auto* random = std::get_if<po::select::random_k>(&*parsed)) {
    random->seed = seed;
    random->first_row = first_row;
  }
  return {*parsed};
}

named_beta pipeline_options::beta_rule() const {
  if (dynamic) { return {po::beta::dual_margin{.base = beta, .alpha = alpha, .gamma = gamma}}; }
  return {po::beta::fixed{.base = beta}};
}

}  // namespace cli
