import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { Construct } from "constructs";

export interface AccountBudgetProps {
  readonly name: string;
  readonly account: string;

  /** Limit of a month in USD. Nothing is stopped above it. */
  readonly monthly: number;

  /** Mail addresses: up to 10. */
  readonly notify: readonly string[];
}

/** Shares of the limit at which mails are sent: early enough to act, and when the month is going to exceed it. */
const NOTICES = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "FORECASTED", threshold: 100 },
  { notificationType: "ACTUAL", threshold: 100 },
];

/** Budget for all cost of the account, with mails at 80% and 100% of it. */
export class AccountBudget extends Construct {
  constructor(scope: Construct, id: string, props: AccountBudgetProps) {
    super(scope, id);
    new BudgetsBudget(this, "monthly", {
      accountId: props.account,
      name: props.name,
      budgetType: "COST",
      timeUnit: "MONTHLY",
      limitAmount: `${props.monthly}.0`,
      limitUnit: "USD",
      notification: NOTICES.map((notice) => ({
        ...notice,
        thresholdType: "PERCENTAGE",
        comparisonOperator: "GREATER_THAN",
        subscriberEmailAddresses: [...props.notify],
      })),
    });
  }
}
