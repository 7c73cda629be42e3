"""How the page looks: system fonts, one accent, generous lines. The rest is in style.css."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")


def theme() -> gr.themes.Base:
    """Return the theme. Fonts are names only: nothing is fetched."""
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        spacing_size=gr.themes.sizes.spacing_md,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
        font=_SANS,
        font_mono=_MONO,
    )
    return base.set(
        body_background_fill="#fbfaf8",
        body_background_fill_dark="#171614",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1f1e1b",
        background_fill_secondary="#f4f2ee",
        background_fill_secondary_dark="#262521",
        body_text_color="#23211d",
        body_text_color_dark="#e8e5df",
        body_text_color_subdued="#65605a",
        body_text_color_subdued_dark="#a8a29a",
        border_color_primary="#dedad3",
        border_color_primary_dark="#3a3833",
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_shadow="none",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        block_label_text_weight="500",
        block_title_text_weight="500",
        block_title_text_color="#23211d",
        block_title_text_color_dark="#e8e5df",
        block_info_text_color="#65605a",
        block_info_text_color_dark="#a8a29a",
        block_padding="0px",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1f1e1b",
        input_border_color="#cfcac2",
        input_border_color_dark="#4a4740",
        input_border_width="1px",
        input_placeholder_color="#7a756d",
        input_placeholder_color_dark="#8f8a82",
        input_shadow="none",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#115e59",
        button_primary_background_fill_dark="#0f766e",
        button_primary_background_fill_hover_dark="#0d9488",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#262521",
        button_secondary_border_color="#cfcac2",
        button_secondary_border_color_dark="#4a4740",
        button_border_width="1px",
        slider_color="#0f766e",
        slider_color_dark="#2dd4bf",
        link_text_color="#0f766e",
        link_text_color_dark="#5eead4",
        color_accent="#0f766e",
        checkbox_background_color_selected="#0f766e",
        checkbox_background_color_selected_dark="#0f766e",
        checkbox_border_color_selected="#0f766e",
        checkbox_border_color_selected_dark="#2dd4bf",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_dark="transparent",
        checkbox_label_border_width="0px",
    )


@cache
def css() -> str:
    """Return the stylesheet."""
    return (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
