"""What Task states ask of services. https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html"""
