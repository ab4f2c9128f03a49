# Registers an account with Orgkeeper and waits until it is ready. Run it with credentials of Main; `orgkeeper` must be on PATH.

terraform {
  required_version = ">= 1.4"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "region" {
  description = "The region of Orgkeeper's deployment"
  type        = string
}

variable "account_id" {
  description = "The account that Orgkeeper is to manage"
  type        = string
}

variable "name" {
  description = "Its name, for people"
  type        = string
}

variable "baseline" {
  description = "name, or name@version"
  type        = string
  default     = "analytics"
}

provider "aws" {
  region = var.region
}

# Bus, table and roles of the deployment.
data "aws_cloudformation_stack" "orgkeeper" {
  name = "orgkeeper"
}

# The same registration again changes nothing. Destroying this resource changes nothing either: the account stays managed until
# somebody runs `orgkeeper retire`.
resource "terraform_data" "account" {
  triggers_replace = [var.account_id, var.name, var.baseline]

  provisioner "local-exec" {
    command = "orgkeeper register \"$ACCOUNT_ID\" --name \"$NAME\" --baseline \"$BASELINE\" --wait"

    environment = {
      ACCOUNT_ID = var.account_id
      NAME       = var.name
      BASELINE   = var.baseline
      AWS_REGION = var.region
    }
  }
}

# For a rule of yours that hears what becomes of the account.
resource "aws_cloudwatch_event_rule" "account" {
  name           = "orgkeeper-${var.account_id}"
  event_bus_name = data.aws_cloudformation_stack.orgkeeper.outputs["BusArn"]

  event_pattern = jsonencode({
    source        = ["orgkeeper"]
    "detail-type" = ["AccountReady", "AccountDegraded"]
    detail        = { accountId = [var.account_id] }
  })
}

output "account_id" {
  description = "Ready when this is known"
  value       = var.account_id
  depends_on  = [terraform_data.account]
}

output "api_role_arn" {
  description = "The role of operators, which the account's execution role trusts"
  value       = data.aws_cloudformation_stack.orgkeeper.outputs["ApiRoleArn"]
}
