// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/App.hpp>

namespace cli {

/// Each adds one subcommand, which runs as the command line is parsed. Whatever it throws but CLI::ParseError (wrong
/// usage) is bad data.
void add_loss(CLI::App& app);
void add_select(CLI::App& app);
void add_select_bench(CLI::App& app);
void add_score(CLI::App& app);
void add_study(CLI::App& app);

}  // namespace cli
