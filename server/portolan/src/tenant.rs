//! `portolan tenant …`.

use portolan_identity::{Identity, NewTenantRequest, TenantStatus};
use portolan_schema::Result;
use serde_json::json;

use crate::cli::{DataOptions, TenantCommand, say};

pub async fn run(command: TenantCommand) -> Result<()> {
    match command {
        TenantCommand::Create { slug, admin_email, json, data } => {
            let request = NewTenantRequest { slug, title: None, admin_email };
            let made = open(&data).await?.create_tenant(&request).await?;
            if json {
                let text = json!({
                    "tenant": made.tenant.slug,
                    "adminEmail": made.admin_email,
                    "adminPassword": made.admin_password,
                    "clientId": made.client_id,
                    "clientSecret": made.client_secret,
                });
                return say(&text.to_string());
            }
            say(&format!("tenant         {}", made.tenant.slug))?;
            say(&format!("admin          {}", made.admin_email))?;
            say(&format!("password       {}", made.admin_password.as_deref().unwrap_or("(unchanged)")))?;
            say(&format!("client id      {}", made.client_id))?;
            say(&format!("client secret  {}", made.client_secret))
        }
        TenantCommand::List { json, data } => {
            for tenant in open(&data).await?.tenants().await? {
                let created = tenant.created_at.to_rfc3339();
                if json {
                    let status = tenant.status.as_str();
                    say(&json!({"tenant": tenant.slug, "status": status, "createdAt": created}).to_string())?;
                } else {
                    say(&format!("{:<30} {:<10} {created}", tenant.slug, tenant.status.as_str()))?;
                }
            }
            Ok(())
        }
        TenantCommand::Suspend { slug, data } => {
            open(&data).await?.set_tenant_status(&slug, TenantStatus::Suspended).await
        }
        TenantCommand::Resume { slug, data } => {
            open(&data).await?.set_tenant_status(&slug, TenantStatus::Active).await
        }
        TenantCommand::Delete { slug, data } => {
            open(&data).await?.delete_tenant(&slug).await?;
            say(&format!("the tenant {slug} is deleted"))
        }
    }
}

async fn open(data: &DataOptions) -> Result<Identity> {
    let (store, sealer) = data.open().await?;
    Identity::open(store, &sealer).await
}
