// The sections of the settings' form.

import { CHANNELS, numberField, tickField } from "/dashboard/editor-fields.js";
import { guardrailFields } from "/dashboard/editor-guardrails.js";
import { optionalPart, row } from "/dashboard/editor-parts.js";
import { element } from "/dashboard/element.js";

const BEGUN = () => ({ consent: { marketing: "required", transactional: "none" } }); // what binds as soon as any rule does

export const SETTINGS_SECTIONS = [
  {
    name: "guardrails",
    title: "Guardrails",
    paths: ["$.guardrails"],
    build: (form) => [
      optionalPart(
        form,
        ["guardrails"],
        { label: "The workspace sets guardrails of its own", hint: "They bind every journey beside its own: the stricter holds. The consents named here bind every journey, too.", make: BEGUN },
        () => guardrailFields(form, "workspace"),
      ),
    ],
  },
  {
    name: "holdout",
    title: "Holdout",
    paths: ["$.holdout_percent"],
    build: (form) => [
      row(
        numberField(form, ["holdout_percent"], {
          label: "Holdout over all journeys", unit: "%", placeholder: "0",
          hint: "So many of all customers get nothing from any journey, so that all of them together can be measured. 0 to 95.",
        }),
      ),
    ],
  },
  {
    name: "costs",
    title: "Cost of one send",
    paths: ["$.costs"],
    build: (form) => [
      element("p", { class: "form-words" }, "What one message costs, where its step names no cost."),
      row(CHANNELS.map(([channel, name]) => numberField(form, ["costs", channel], { label: name, placeholder: "0" }))),
    ],
  },
  {
    name: "approval",
    title: "Second person",
    paths: ["$.needs_approval"],
    build: (form) => [
      row(
        tickField(form, ["needs_approval"], {
          label: "A second person approves what reaches customers anew",
          hint: "Starting a draft, publishing another definition, loosening these settings and allowing sending again wait for an approver. Pausing, stopping and tightening never wait.",
        }),
      ),
    ],
  },
];
