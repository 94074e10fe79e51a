// SPDX-License-Identifier: GPL-2.0-only
#include "parts.h"

#include "families.h"
#include "figures.h"
#include "html.h"

#include <fmt/format.h>

namespace scriptfs::bench::sections {

using html::escape;

std::vector<std::string> plotted_fs(std::vector<std::string> names)
{
    std::erase_if(names, is_limit);
    return ordered_fs(std::move(names));
}

std::string figure(std::string_view title, std::string_view drawings_html,
                   std::string_view caption_html)
{
    return fmt::format("<figure><h4>{}</h4>{}<figcaption>{}</figcaption></figure>\n", escape(title),
                       drawings_html, caption_html);
}

std::string table(std::string_view caption, std::string_view head_html, std::string_view body_html)
{
    return fmt::format("<div class=\"wide\"><table><caption>{}</caption>\n<thead>{}</thead>\n"
                       "<tbody>\n{}</tbody></table></div>\n",
                       escape(caption), head_html, body_html);
}

std::string_view own(std::string_view fs)
{
    return fs == "scriptfs" ? " class=\"own\"" : "";
}

std::string count_name(double x)
{
    return x < 1000 ? fmt::format("{:.0f}", x) : figures::number(x);
}

} // namespace scriptfs::bench::sections
